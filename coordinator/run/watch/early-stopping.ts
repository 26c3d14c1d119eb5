/**
 * Early stopping: whether a run still gets better, told from one evaluation after the other. Pure functions, with the
 * meaning of Keras' `EarlyStopping(patience, min_delta)`.
 */
import type { FigureName } from './figures.js';

/** What a run remembers of the figure that it watches; a checkpoint keeps it. Plain JSON. */
export interface Watched {
  figure: FigureName;
  /** Evaluations so far. */
  evaluations: number;
  /** The evaluation that no later one was better than by `minDelta`. */
  best: { step: number; value: number } | null;
  /** Evaluations since then. */
  waited: number;
}

export interface Improvement {
  higherIsBetter: boolean;
  /** By how much a value must be better than the best one to count. */
  minDelta: number;
}

export const nothingWatched = (figure: FigureName): Watched => ({
  figure,
  evaluations: 0,
  best: null,
  waited: 0,
});

/** A value that is not finite is never better: Keras' callback takes a first one that is no number for the best. */
export function isBetter(value: number, best: number | undefined, how: Improvement): boolean {
  const { higherIsBetter, minDelta } = how;
  if (!Number.isFinite(value)) return false;
  const { POSITIVE_INFINITY, NEGATIVE_INFINITY } = Number;
  return higherIsBetter
    ? value - minDelta > (best ?? NEGATIVE_INFINITY)
    : value + minDelta < (best ?? POSITIVE_INFINITY);
}

/** What is known after one more evaluation; `best` is its own where it is the best so far. */
export function heard(before: Watched, at: { step: number; value: number }, how: Improvement): Watched {
  const { figure, best, waited } = before;
  const evaluations = before.evaluations + 1;
  if (isBetter(at.value, best?.value, how)) return { figure, evaluations, best: { ...at }, waited: 0 };
  return { figure, evaluations, best, waited: waited + 1 };
}

/** Whether so many evaluations in a row were no better. The first one never ends a run. */
export const isSpent = ({ evaluations, waited }: Watched, patience: number): boolean =>
  evaluations > 1 && waited >= patience;
