/**
 * Rounds (docs/reach.md): a step whose shards are replicas, each of which makes many updates by itself before anything is
 * exchanged. What all who compute one must agree on.
 */
import type { Optimizer, OptimizerOptions } from '../update/optimizers/optimizer.js';
import { createOptimizer, type OptimizerName } from '../update/optimizers/optimizers.js';

/**
 * What becomes of what a replica's optimizer remembers: the mean over all replicas begins the next round, only that of
 * second moments, or none.
 */
export const INNER_STATES = ['average', 'variance', 'none'] as const;
export type InnerState = (typeof INNER_STATES)[number];

/** Updates of a round, at most: each has a learning rate in every lease. */
export const MAX_LOCAL_STEPS = 1000;

/** How a replica makes its updates. */
export interface LocalTerms {
  /** Updates of a replica in a whole round. */
  steps: number;
  optimizer: { name: OptimizerName } & OptimizerOptions;
  /** Bound of the norm of each update's gradient; 0: none. */
  clipNorm: number;
  /** Bound of each of its elements; 0: none. */
  clipValue: number;
  state: InnerState;
}

/** The updates of one round. */
export interface LocalUpdates {
  /** Updates of the run before this round: the optimizer's `t` goes on from there. */
  before: number;
  /** The learning rate of each. */
  rates: readonly number[];
}

/** What an optimizer remembers, of which the next round begins with the mean: these of its vectors, by their places. */
export function keptSlots({ slots }: Pick<Optimizer, 'slots'>, state: InnerState): number[] {
  const isKept = ({ isSecondMoment = false }) =>
    state === 'average' || (state === 'variance' && isSecondMoment);
  return slots.flatMap((slot, place) => (isKept(slot) ? [place] : []));
}

export const innerOptimizer = ({ optimizer }: Pick<LocalTerms, 'optimizer'>): Optimizer =>
  createOptimizer(optimizer);
