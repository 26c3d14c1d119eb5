/** Which step consumes which samples: the same answer for everyone who knows the configuration. */
import { shardBounds } from '../../shared/numerics/tree.js';

export interface EpochPlan {
  /** Records of the training set. */
  records: number;
  batchSize: number;
}

export const stepsPerEpoch = ({ records, batchSize }: EpochPlan): number => Math.ceil(records / batchSize);

/** The epoch, from 0, in which step `step` (from 0) falls. */
export const epochOf = (step: number, plan: EpochPlan): number => Math.floor(step / stepsPerEpoch(plan));

/** The samples of a step: positions `[from, to)` of its epoch's order. An epoch's last step has what is left. */
export function positionsOf(step: number, plan: EpochPlan): { epoch: number; from: number; to: number } {
  const from = (step % stepsPerEpoch(plan)) * plan.batchSize;
  return { epoch: epochOf(step, plan), from, to: Math.min(plan.records, from + plan.batchSize) };
}

/** Where each of `shards` shards of a step begins within its epoch's order, and where the last one ends. */
export function boundsOf(positions: { from: number; to: number }, shards: number): number[] {
  return shardBounds(positions.to - positions.from, shards).map((bound) => positions.from + bound);
}
