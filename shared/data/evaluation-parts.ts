/**
 * The fixed parts in which the test set is evaluated, and their sum.
 *
 * Neither depends on who computes a part, nor on how many do: a run spread over workers and a later
 * `swarmgrad evaluate` make the same additions, and so agree to the last digit.
 */
import type { ConfusionSize } from './confusion.js';
import { countPlaces } from './roc.js';

/** Records of one part, at most: one run of the engine. Part of the protocol. */
export const EVALUATION_PART = 256;

/** Records `[from, to)` of the test set. */
export interface EvaluationPart {
  from: number;
  to: number;
}

/** The test set, as an evaluation sees it. */
export interface EvaluationPlan {
  parts: readonly EvaluationPart[];
  /** Parts that a worker may hold at once, however many lanes it has. */
  mostInHand: number;
  /** Of the counts that may come with a part. */
  confusion: ConfusionSize;
  /** Names of the sums that come with a part. */
  scores?: readonly string[] | undefined;
  /** ROC curves on which each of its samples has a place. */
  curves?: number | undefined;
}

/** What an evaluation adds up; of a part, or of all. */
export interface EvaluationTotals {
  samples: number;
  /** Sums over the samples. */
  loss: number;
  metric: number;
  /** Counts as `countConfusion` has them; absent where there are no classes. */
  confusion?: ArrayLike<number> | undefined;
  /** Sums by name; absent where none are asked for. */
  scores?: Record<string, number> | undefined;
  /** Of a part: places on ROC curves. */
  places?: ArrayLike<number> | undefined;
  /** Of a sum: how many samples have each of these places. */
  placeCounts?: ReadonlyMap<number, number> | undefined;
  /** Wrong predictions of which the model was surest. */
  mistakes?: { record: number; predicted: number; confidence: number }[] | undefined;
}

/** A worker refuses work for which it would have to put together more bytes of records. Part of the protocol. */
export const MAX_WAITING_BYTES = 2 ** 30;
/** ...and more parts. Part of the protocol. */
export const MAX_WAITING_PARTS = 64;

/** How many parts of such records a worker takes at once: at least one to compute, and one to go on with. */
export const mostInHand = (recordBytes: number): number =>
  Math.max(2, Math.min(MAX_WAITING_PARTS, Math.floor(MAX_WAITING_BYTES / (EVALUATION_PART * recordBytes))));

/** @param first the record with which they begin: those before it are of the validation set */
export function evaluationParts(records: number, first = 0): EvaluationPart[] {
  return Array.from({ length: Math.ceil(records / EVALUATION_PART) }, (_, part) => ({
    from: first + part * EVALUATION_PART,
    to: first + Math.min(records, (part + 1) * EVALUATION_PART),
  }));
}

/** Adds in float64, in the order of `parts`: give them in part order. A matrix of some parts alone would mislead: none. */
export function sumParts(parts: readonly EvaluationTotals[]): EvaluationTotals & { confusion?: number[] } {
  const total: EvaluationTotals & { confusion?: number[] } = { samples: 0, loss: 0, metric: 0 };
  const hasMatrix = parts.every(({ confusion }) => confusion);
  const hasScores = parts.every(({ scores }) => scores);
  for (const { samples, loss, metric, confusion, scores } of parts) {
    total.samples += samples;
    total.loss += loss;
    total.metric += metric;
    if (hasScores && scores) {
      const sums = (total.scores ??= {});
      for (const [name, sum] of Object.entries(scores)) sums[name] = (sums[name] ?? 0) + sum;
    }
    if (!hasMatrix || !confusion) continue;
    const counts = (total.confusion ??= Array.from(confusion, () => 0));
    for (let cell = 0; cell < counts.length; cell++) counts[cell]! += confusion[cell]!;
  }
  if (parts.length > 0 && parts.every(({ places }) => places)) {
    const counts = new Map<number, number>();
    for (const { places } of parts) countPlaces(places!, counts);
    total.placeCounts = counts;
  }
  return total;
}

/** Wrong predictions that are kept to be looked at. */
const MISTAKES = 24;

/** The sum over the whole test set, and the wrong predictions in it of which the model was surest, by their records. */
export function wholeOf(
  parts: readonly EvaluationPart[],
  totals: readonly EvaluationTotals[],
): EvaluationTotals {
  const mistakes = parts.flatMap(({ from }, part) =>
    (totals[part]!.mistakes ?? []).map((mistake) => ({ ...mistake, record: from + mistake.record })),
  );
  mistakes.sort((a, b) => b.confidence - a.confidence || a.record - b.record);
  return { ...sumParts(totals), mistakes: mistakes.slice(0, MISTAKES) };
}
