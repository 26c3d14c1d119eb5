/** Which step consumes which samples: the same answer for everyone who knows the configuration. */
import { shardBounds } from '../../shared/numerics/tree.js';

export interface EpochPlan {
  /** Records of the training set. */
  records: number;
  /** Samples of one update. */
  batchSize: number;
  /** Updates of one step, which then is a round; undefined: a step is one update. */
  localSteps?: number | undefined;
}

/** Updates that an epoch takes. */
export const updatesPerEpoch = ({ records, batchSize }: EpochPlan): number => Math.ceil(records / batchSize);

const updatesOfStep = ({ localSteps = 1 }: EpochPlan): number => localSteps;

export const stepsPerEpoch = (plan: EpochPlan): number =>
  Math.ceil(updatesPerEpoch(plan) / updatesOfStep(plan));

/** Updates that `steps` steps make: in rounds, an epoch's last one has what is left of it. */
export function updatesIn(steps: number, plan: EpochPlan): number {
  const [each, rest] = [stepsPerEpoch(plan), steps % stepsPerEpoch(plan)];
  const whole = ((steps - rest) / each) * updatesPerEpoch(plan);
  return whole + Math.min(updatesPerEpoch(plan), rest * updatesOfStep(plan));
}

/** The fewest steps that make so many updates. */
export function stepsFor(updates: number, plan: EpochPlan): number {
  const rest = updates % updatesPerEpoch(plan);
  const epochs = (updates - rest) / updatesPerEpoch(plan);
  return epochs * stepsPerEpoch(plan) + Math.ceil(rest / updatesOfStep(plan));
}

/** Whether something is due after `step` steps that happens every so many updates. */
export const isDueAfter = (step: number, every: number, plan: EpochPlan): boolean =>
  step > 0 && Math.floor(updatesIn(step, plan) / every) > Math.floor(updatesIn(step - 1, plan) / every);

/** The epoch, from 0, in which step `step` (from 0) falls. */
export const epochOf = (step: number, plan: EpochPlan): number => Math.floor(step / stepsPerEpoch(plan));

/** The samples of a step: positions `[from, to)` of its epoch's order. An epoch's last step has what is left. */
export function positionsOf(step: number, plan: EpochPlan): { epoch: number; from: number; to: number } {
  const samples = plan.batchSize * updatesOfStep(plan);
  const from = (step % stepsPerEpoch(plan)) * samples;
  return { epoch: epochOf(step, plan), from, to: Math.min(plan.records, from + samples) };
}

/** Where each of `shards` shards of a step begins within its epoch's order, and where the last one ends. */
export function boundsOf(positions: { from: number; to: number }, shards: number): number[] {
  return shardBounds(positions.to - positions.from, shards).map((bound) => positions.from + bound);
}
