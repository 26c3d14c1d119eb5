/**
 * The run: evaluate, checkpoint, take a step, and again, until all steps are done.
 *
 * Knows what comes after what, and nothing of sockets, files or arithmetic: `swarm` has the workers,
 * `pipeline` makes the weights, `record` keeps what must last.
 */
import type { Clock } from '../shared/clock.js';
import type { EvaluationPlan, EvaluationTotals } from '../shared/evaluation-parts.js';
import type { Layout } from '../shared/layout.js';
import type { Change } from '../shared/monitoring.js';
import type { Control } from './control.js';
import { Evaluation } from './evaluation.js';
import type { ContributionTimes } from './monitor/timeline.js';
import type { Progress } from './progress.js';
import { boundsOf, type EpochPlan, epochOf, positionsOf } from './schedule.js';
import type { Swarm } from './swarm.js';
import type { StepSums } from './tally.js';
import { DivergedError, TrainingStep } from './training-step.js';
import type { Trust } from './trust/trust.js';
import type { Pipeline } from './update/pipeline.js';
import type { RobustRule } from './update/robust/rule.js';
import { autoShards } from './work/auto-shards.js';

export interface RunOptions {
  steps: number;
  epochPlan: EpochPlan;
  shards: number | 'auto';
  /** Steps between evaluations; the last step is always evaluated. */
  evaluateEvery: number;
  /** Steps between checkpoints; 0: only at the end. */
  checkpointEvery: number;
  minWorkers: number;
  layout: Layout;
  test: EvaluationPlan;
}

/** What the run hands on to be kept. `step` counts the updates made so far. */
export interface Recorder {
  step(entry: {
    step: number;
    epoch: number;
    learningRate: number;
    gradientNorm: number;
    sums: StepSums;
  }): void;
  evaluation(entry: { step: number; epoch: number; totals: EvaluationTotals }): void;
  contribution(times: ContributionTimes): void;
  /** What an admin has changed between two steps. */
  change(change: Change): void;
  /** Returns at once; the writing goes on beside the run. */
  checkpoint(): void;
  /** Resolves when no checkpoint is being written. */
  settled(): Promise<void>;
}

export interface RunParts {
  swarm: Swarm;
  pipeline: Pipeline;
  progress: Progress;
  record: Recorder;
  control: Control;
  trust: Trust;
  robust: RobustRule | undefined;
  /** For what people are told. */
  clock: Clock;
  /** For what workers are allowed. */
  awake: Clock;
}

/** `drain`: end after the step in hand; an evaluation is broken off. `abort`: at once, its reason is thrown. */
export interface StopSignals {
  drain: AbortSignal;
  abort: AbortSignal;
}

/** @returns whether all steps were made. @throws DivergedError; the reason of `stop.abort` */
export async function run(options: RunOptions, parts: RunParts, stop: StopSignals): Promise<boolean> {
  const { swarm, pipeline, progress, record, control, trust, robust, clock, awake } = parts;
  const { layout, steps, epochPlan } = options;

  for (;;) {
    await control.betweenSteps(parts, stop.drain);
    const { step } = progress;
    if (isEvaluationDue(step, options) && progress.evaluatedAt < step) {
      progress.state = 'evaluating';
      await enoughWorkers(1, parts, stop);
      if (stop.drain.aborted) return false;
      const weights = pipeline.averaged ? 'averaged' : 'current';
      const totals = await new Evaluation(step, weights, options.test, swarm, awake).run(stop.drain);
      if (!totals) return false;
      progress.evaluated(step, totals);
      record.evaluation({ step, epoch: epochOf(step - 1, epochPlan) + 1, totals });
    }
    const isLast = step === steps;
    if (isLast || (options.checkpointEvery > 0 && step % options.checkpointEvery === 0)) {
      if (!pipeline.isFinite()) throw new DivergedError('the weights hold NaN or infinity');
      record.checkpoint();
    }
    if (isLast) return true;

    await enoughWorkers(options.minWorkers, parts, stop);
    if (stop.drain.aborted) return false;
    progress.state = 'training';
    const positions = positionsOf(step, epochPlan);
    if (positions.from === 0) progress.beginEpoch();
    const batch = { step, epoch: positions.epoch, ...cutBatch(positions, options, parts) };
    const training = new TrainingStep(batch, {
      swarm,
      pipeline,
      layout,
      trust,
      robust,
      counters: progress.shards,
      record,
      clock: awake,
    });
    const learningRate = control.learningRate(step);
    const sums = await training.run(learningRate, stop.abort);
    const { gradientNorm } = pipeline.end();
    trust.norms.stepped(gradientNorm);
    progress.stepped(sums, clock.now());
    record.step({ step: progress.step, epoch: positions.epoch + 1, learningRate, gradientNorm, sums });
  }
}

function isEvaluationDue(step: number, { evaluateEvery, steps }: RunOptions): boolean {
  return step > 0 && (step % evaluateEvery === 0 || step === steps);
}

async function enoughWorkers(count: number, { swarm, progress }: RunParts, stop: StopSignals): Promise<void> {
  if (swarm.active().length >= count) return;
  const { state } = progress;
  progress.state = 'waiting';
  swarm.tell({ type: 'waiting', text: `waiting for workers: ${swarm.active().length} of ${count} are here` });
  await swarm.atLeast(count, stop.drain);
  progress.state = state;
}

function cutBatch(
  positions: { from: number; to: number },
  { shards }: RunOptions,
  { swarm, robust }: Pick<RunParts, 'swarm' | 'robust'>,
) {
  if (shards !== 'auto') return { bounds: boundsOf(positions, shards) };
  const { from, to } = positions;
  // Rules that compare workers need the same of each.
  const workers = swarm.active().map(({ member: { id, speed } }) => ({ id, speed: robust ? 1 : speed }));
  const { bounds, assignments } = autoShards(to - from, workers);
  return { bounds: bounds.map((bound) => from + bound), assignments };
}
