/**
 * The area under the ROC curve as counts that parts add up: how many samples, of the class and of others, have a score
 * within each of fixed bins. Two samples in one bin count as equal scores do, one half: all else is exact.
 *
 * A score is the log-odds of a probability, so that bins are as fine where models are sure as where they doubt.
 */
import type { LabelKind } from './manifest.js';

/** Bins of log-odds from -16 to 16: a probability to 3 % of it, or of what it lacks to 1. Part of the protocol. */
export const BINS = 1024;
const LOWEST = -16;
const BINS_OF_ONE = BINS / (-2 * LOWEST);

/** More would fit no message. */
export const MAX_CURVES = 50;

/** Curves of such labels: one of two classes, else one of each class against all others, or against its absence; 0: there are none. */
export function curvesOf(label: LabelKind): number {
  if (label.kind === 'value' || label.classes < 2 || label.classes > MAX_CURVES) return 0;
  return label.kind === 'class' && label.classes === 2 ? 1 : label.classes;
}

/**
 * Where each sample lies on each curve: [samples, curves] places of counts.
 * @param odds as many, of the classes in their order
 * @param y classes of samples; of several at once 0 or 1, [samples, classes]
 */
export function placesOf(odds: ArrayLike<number>, y: ArrayLike<number>, label: LabelKind): number[] {
  const curves = curvesOf(label);
  const isMulti = label.kind === 'multilabel';
  return Array.from(odds, (value, i) => {
    const curve = i % curves;
    const isOf = isMulti ? y[i] === 1 : y[Math.floor(i / curves)] === (curves === 1 ? 1 : curve);
    return 2 * BINS * curve + (isOf ? BINS : 0) + binOf(value);
  });
}

/** Not a number is the lowest score. */
function binOf(odds: number): number {
  const bin = Math.floor((odds - LOWEST) * BINS_OF_ONE);
  return bin >= 0 ? Math.min(bin, BINS - 1) : 0;
}

/** @returns what is wrong with places that a worker tells; undefined: nothing */
export function faultOfPlaces(
  places: readonly number[],
  samples: number,
  curves: number,
): string | undefined {
  if (places.length !== samples * curves)
    return `${places.length} places on curves, expected ${samples * curves}`;
  const wrong = places.findIndex((place, i) => Math.floor(place / (2 * BINS)) !== i % curves);
  return wrong < 0 ? undefined : `place ${places[wrong]} on a curve, which there is not`;
}

/** Adds places to counts. */
export function countPlaces(places: ArrayLike<number>, counts: Map<number, number>): void {
  for (let i = 0; i < places.length; i++) counts.set(places[i]!, (counts.get(places[i]!) ?? 0) + 1);
}

/**
 * As `roc_auc_score`, of several classes with `multi_class='ovr'` and the macro average.
 * @returns NaN where a class has no samples, or has them all
 */
export function areaUnder(counts: ReadonlyMap<number, number>, curves: number): number {
  let sum = 0;
  for (let curve = 0; curve < curves; curve++) {
    let [below, of, pairs] = [0, 0, 0];
    for (let bin = 0; bin < BINS; bin++) {
      const others = counts.get(2 * BINS * curve + bin) ?? 0;
      const own = counts.get(2 * BINS * curve + BINS + bin) ?? 0;
      pairs += own * (below + others / 2);
      below += others;
      of += own;
    }
    sum += pairs / (of * below);
  }
  return sum / curves;
}

/**
 * As `average_precision_score` with the macro average, each bin one threshold.
 * @returns NaN where a class has no samples
 */
export function averagePrecision(counts: ReadonlyMap<number, number>, curves: number): number {
  let sum = 0;
  for (let curve = 0; curve < curves; curve++) {
    let [right, predicted, precisions] = [0, 0, 0];
    for (let bin = BINS - 1; bin >= 0; bin--) {
      const own = counts.get(2 * BINS * curve + BINS + bin) ?? 0;
      right += own;
      predicted += own + (counts.get(2 * BINS * curve + bin) ?? 0);
      if (own > 0) precisions += (own * right) / predicted;
    }
    sum += precisions / right;
  }
  return sum / curves;
}
