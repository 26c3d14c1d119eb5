/**
 * The run: evaluate, checkpoint, take a step, and again, until all steps are done.
 *
 * Knows what comes after what, and nothing of sockets, files or arithmetic: `swarm` has the workers,
 * `pipeline` makes the weights, `record` keeps what must last.
 */
import type { Clock } from '../../shared/clock.js';
import type { EvaluationPlan, EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import type { LocalUpdates } from '../../shared/numerics/rounds/terms.js';
import type { Change } from '../../shared/status/monitoring.js';
import type { ContributionTimes } from '../scheduling/contribution-times.js';
import { autoShards } from '../scheduling/planning/auto-shards.js';
import type { StepSums } from '../step/events.js';
import { boundsOf, type EpochPlan, epochOf, isDueAfter, positionsOf, updatesIn } from './batches.js';
import type { Control } from './control.js';
import type { Core } from './core.js';
import { DivergedError, type Surroundings } from './execute.js';
import { type FinalTestRecorder, testOnce } from './final-test.js';
import { evaluate, trainStep } from './phases.js';
import type { Progress } from './progress.js';

export interface RunOptions {
  steps: number;
  epochPlan: EpochPlan;
  shards: number | 'auto';
  /** Updates between evaluations; the last step is always evaluated. */
  evaluateEvery: number;
  /** Updates between checkpoints; 0: only at the end. */
  checkpointEvery: number;
  minWorkers: number;
  /** In rounds: the learning rate of the coordinator's own update. */
  outerRate?: number | undefined;
  test: EvaluationPlan;
  /** What evaluations look at instead of the test set, which is then evaluated once, at the end. */
  validation?: EvaluationPlan | undefined;
}

/** What the run hands on to be kept. `step` counts the updates made so far. */
export interface Recorder extends FinalTestRecorder {
  step(entry: {
    step: number;
    /** In rounds: updates of each replica so far. */
    updates?: number;
    epoch: number;
    learningRate: number;
    gradientNorm: number;
    sums: StepSums;
  }): void;
  evaluation(entry: {
    set: 'validation' | 'test';
    step: number;
    epoch: number;
    totals: EvaluationTotals;
  }): void;
  contribution(times: ContributionTimes): void;
  /** What an admin has changed between two steps. */
  change(change: Change): void;
  /** Returns at once; the writing goes on beside the run. */
  checkpoint(): void;
}

export interface RunParts {
  core: Core;
  progress: Progress;
  record: Recorder;
  control: Control;
  /** The clock of what is reported. */
  clock: Clock;
  /** Hears of all that steps hear, and of what follows from it. */
  trace?: Surroundings['trace'];
}

/** `drain`: end after the step in hand; an evaluation is broken off. `abort`: at once, its reason is thrown. */
export interface StopSignals {
  drain: AbortSignal;
  abort: AbortSignal;
}

/** @returns whether all steps were made. @throws DivergedError; the reason of `stop.abort` */
export async function run(options: RunOptions, parts: RunParts, stop: StopSignals): Promise<boolean> {
  const { core, progress, record, control, clock } = parts;
  const { pipeline, trust } = core;
  const { steps, epochPlan } = options;
  const around = { ...parts, counters: progress.shards };

  for (;;) {
    await control.betweenSteps({ ...parts, pipeline }, stop.drain);
    const { step } = progress;
    let isBest = false;
    if (isEvaluationDue(step, options) && progress.evaluatedAt < step) {
      progress.state = 'evaluating';
      await enoughWorkers(1, parts, stop);
      if (stop.drain.aborted) return false;
      const set = options.validation ? 'validation' : 'test';
      const totals = await evaluate(step, options[set]!, around, stop.drain);
      if (!totals) return false;
      isBest = progress.evaluated(step, totals, set, clock.now());
      record.evaluation({ set, step, epoch: epochOf(step - 1, epochPlan) + 1, totals });
      control.lower(step, (peak) => progress.watching.nextRate(peak), record);
    }
    const isLast = step === steps || progress.spent !== undefined;
    if (isLast || isBest || isCheckpointDue(step, options)) {
      if (!pipeline.state.isFinite()) throw new DivergedError('the weights hold NaN or infinity');
      // The best weights are not left out for a checkpoint that is still being written.
      if (isBest) await record.settled();
      record.checkpoint();
    }
    if (isLast) return end(options, parts, around, stop);

    await enoughWorkers(options.minWorkers, parts, stop);
    if (stop.drain.aborted) return false;
    progress.state = 'training';
    const positions = positionsOf(step, epochPlan);
    if (positions.from === 0) progress.beginEpoch();
    const updates = updatesOf(step, options, control);
    const batch = { step, epoch: positions.epoch, ...cutBatch(positions, options, core), updates };
    // Of a round that of its last update; the coordinator's own update has its own.
    const learningRate = updates?.rates.at(-1) ?? control.learningRate(step);
    const sums = await trainStep(batch, options.outerRate ?? learningRate, around, stop.abort);
    const { gradientNorm } = pipeline.end();
    trust.norms.stepped(gradientNorm);
    progress.stepped(sums, clock.now());
    const entry = { step: progress.step, epoch: positions.epoch + 1, learningRate, gradientNorm, sums };
    record.step(updates ? { ...entry, updates: updates.before + updates.rates.length } : entry);
  }
}

/** @returns whether nothing is left to be done */
async function end(
  { test, validation, epochPlan }: RunOptions,
  parts: RunParts,
  around: Surroundings,
  stop: StopSignals,
): Promise<boolean> {
  const { progress, record } = parts;
  if (!validation) {
    progress.leaveBest();
    return true;
  }
  progress.state = 'evaluating';
  await enoughWorkers(1, parts, stop);
  if (stop.drain.aborted) return false;
  return testOnce({ test, epochPlan, progress, record }, around, stop.drain);
}

const isCheckpointDue = (step: number, { checkpointEvery, epochPlan }: RunOptions): boolean =>
  checkpointEvery > 0 && (step === 0 || isDueAfter(step, checkpointEvery, epochPlan));

const isEvaluationDue = (step: number, { evaluateEvery, steps, epochPlan }: RunOptions): boolean =>
  step > 0 && (step === steps || isDueAfter(step, evaluateEvery, epochPlan));

/** What the replicas of a round do; undefined where a step is one update. */
function updatesOf(step: number, { epochPlan }: RunOptions, control: Control): LocalUpdates | undefined {
  if (epochPlan.localSteps === undefined) return undefined;
  const before = updatesIn(step, epochPlan);
  const count = updatesIn(step + 1, epochPlan) - before;
  const rates = Array.from({ length: count }, (_, at) => control.learningRate(step, before + at));
  return { before, rates };
}

async function enoughWorkers(count: number, { core, progress }: RunParts, stop: StopSignals): Promise<void> {
  const { swarm } = core;
  if (swarm.active().length >= count) return;
  const { state } = progress;
  progress.state = 'waiting';
  const [ready, connected] = [swarm.active().length, swarm.workers().length];
  const trying = connected > ready ? `, ${connected - ready} more try their engines` : '';
  swarm.tell({ type: 'waiting', text: `waiting for workers: ${ready} of ${count} are ready${trying}` });
  await swarm.atLeast(count, stop.drain);
  progress.state = state;
}

function cutBatch(
  positions: { from: number; to: number },
  { shards }: RunOptions,
  { swarm, robust, awake }: Pick<Core, 'swarm' | 'robust' | 'awake'>,
) {
  if (shards !== 'auto') return { bounds: boundsOf(positions, shards) };
  const { from, to } = positions;
  // Rules that compare workers need the same of each.
  const workers = (robust ? swarm.active() : swarm.roster.reliable(awake.now())).map(({ id, speed }) => ({
    id,
    speed: robust ? 1 : speed,
  }));
  const { bounds, assignments } = autoShards(to - from, workers);
  return { bounds: bounds.map((bound) => from + bound), assignments };
}
