/** The status of a run, as `GET /api/status` gives it. */
import type { MetricName } from '../../../shared/numerics/losses.js';
import { printable } from '../../../shared/printable.js';
import type { CheckpointStatus, RunState, Status, WorkerStatus } from '../../../shared/status/status.js';
import type { Summary } from '../../record/folder/summary.js';
import type { RunRecord } from '../../record/run-record.js';
import { epochOf } from '../../run/batches.js';
import type { Progress, Result } from '../../run/progress.js';
import type { Run } from '../../run/run.js';
import type { Course } from '../../run/watch/course.js';
import type { Watched } from '../../run/watch/early-stopping.js';
import { healthOf } from '../../run/watch/health.js';
import type { Totals } from '../../scheduling/totals.js';
import type { Worker } from '../../scheduling/worker.js';
import type { Cleanup } from '../../setup/cleanup.js';
import { inWords } from '../../workers/history/departures.js';
import { Shares } from './shares.js';

/** What is to be done, and how far that is. */
interface Plan {
  steps: number;
  epoch: number;
  batchSize: number;
  localSteps: number | null;
  metric: MetricName;
  /** The learning rate of the latest step; null before the first. */
  learningRate: number | null;
}

/** What is on disk, and what people are told beside the figures. */
interface Kept {
  message: string;
  runDir: string;
  checkpoint: CheckpointStatus;
  /** What is wrong, though the run goes on; empty: nothing. */
  trouble: string;
  /** Once the run is over: what came of it. */
  ended: Pick<Summary, 'status' | 'workers' | 'weightsSha256'> | undefined;
  reproducible: Status['reproducible'];
}

export interface StatusParts {
  progress: Progress;
  connected: readonly Worker[];
  /** Which part of what counts is a worker's, lately. */
  shareOf(worker: Worker): number;
  plan: Plan;
  kept: Kept;
  course: Course;
  seconds: number;
  now: number;
  bytes: { down: number; up: number };
}

/** A run that should make steps and has made none for so long is told to stand still. */
const STILL_SECONDS = 5;

export function statusOf(parts: StatusParts): Status {
  const { progress, connected, plan, kept, course, seconds } = parts;
  const { steps, batchSize, localSteps, metric } = plan;
  const { ended, runDir, checkpoint } = kept;
  const trouble = printable(kept.trouble);
  const left = (steps - progress.step) * (localSteps ?? 1) * batchSize;
  const value = (result: Result | null, name: MetricName) =>
    name === metric && result ? result.metric : null;
  // A step that has lost its last worker waits for the next one.
  const isDeserted = !connected.some(({ isActive }) => isActive);
  const isBusy = progress.state === 'training' || progress.state === 'evaluating';
  const state = isBusy && isDeserted ? 'waiting' : progress.state;
  const goesOn = isBusy && !isDeserted;
  const overall = ended && seconds > 0 ? progress.samplesTrained / seconds : 0;
  const samplesPerSecond = goesOn ? progress.samplesPerSecond(parts.now) : overall;
  const train = ended ? (progress.train() ?? progress.latest) : course.lately();
  const still = progress.secondsStill(parts.now);
  const shouldMove = (state === 'training' || state === 'waiting') && progress.step > 0;
  const silentSeconds = shouldMove && samplesPerSecond === 0 && still > STILL_SECONDS ? still : null;
  return {
    state,
    message: kept.message || [describe(state, connected.length), trouble].filter(Boolean).join('; '),
    runDir,
    step: progress.step,
    steps,
    epoch: plan.epoch,
    batchSize,
    localSteps,
    metric,
    loss: train?.loss ?? null,
    accuracy: value(train, 'accuracy'),
    meanAbsoluteError: value(train, 'meanAbsoluteError'),
    testLoss: progress.test?.loss ?? null,
    testAccuracy: value(progress.test, 'accuracy'),
    testMeanAbsoluteError: value(progress.test, 'meanAbsoluteError'),
    validationLoss: progress.validation?.loss ?? null,
    validationAccuracy: value(progress.validation ?? null, 'accuracy'),
    validationMeanAbsoluteError: value(progress.validation ?? null, 'meanAbsoluteError'),
    metrics: { validation: progress.validation?.metrics ?? {}, test: progress.test?.metrics ?? {} },
    best: bestOf(progress.watching.watched ?? course.watched),
    health: healthOf({ state, reason: kept.message, course, silentSeconds }),
    reproducible: kept.reproducible,
    weightsSha256: ended?.weightsSha256 ?? null,
    learningRate: plan.learningRate,
    samplesPerSecond,
    secondsLeft: goesOn && samplesPerSecond > 0 ? left / samplesPerSecond : null,
    seconds,
    samplesTrained: progress.samplesTrained,
    bytes: parts.bytes,
    workers: ended
      ? pastWorkers(ended.workers, ended.status, seconds)
      : connected.map((worker) => rowOf(worker, samplesPerSecond * parts.shareOf(worker))),
    shards: { ...progress.shards },
    trouble,
    checkpoint,
  };
}

/** The best evaluation by what a run is watched by. */
export const bestOf = (watched: Watched | undefined): Status['best'] =>
  watched?.best ? { metric: watched.figure, ...watched.best } : null;

const rowOf = (worker: Worker, samplesPerSecond: number): WorkerStatus => ({
  id: worker.id,
  name: worker.name,
  kind: worker.kind,
  role: worker.role,
  engine: worker.engine,
  lanes: worker.engine ? worker.lanes : null,
  state: worker.state,
  samples: worker.samples,
  samplesPerSecond,
  waitMs: worker.waitMs,
  computeMs: worker.computeMs,
  networkMs: worker.networkMs,
});

/** Workers that took part, once none is connected: one row for each name, kind and engine class. */
export const pastWorkers = (totals: readonly Totals[], state: string, seconds: number): WorkerStatus[] =>
  totals.map(({ name, kind, engine, samples }, id) => ({
    id,
    name,
    kind,
    // Not kept: all that is shown of a run that is over has counted.
    role: 'worker',
    engine,
    lanes: null,
    state,
    samples,
    samplesPerSecond: seconds > 0 ? samples / seconds : 0,
    waitMs: 0,
    computeMs: 0,
    networkMs: 0,
  }));

function describe(state: RunState, workers: number): string {
  switch (state) {
    case 'waiting':
      return `waiting for workers (${workers} connected)`;
    case 'training':
      return 'training';
    case 'saving':
      return 'writing the files of the run';
    case 'evaluating':
      return 'evaluating on the test set';
    default:
      return state;
  }
}

/** How often the workers' shares are looked at. */
const LOOK_MS = 1000;

/**
 * Follows a run under way.
 * @returns what gives its status of now
 */
export function followStatus(
  run: Run,
  record: RunRecord,
  course: Course,
  runDir: string,
  cleanup: Cleanup,
): () => Status {
  const { core, progress, options, metric, clock, control } = run;
  const { swarm } = core;
  const shares = new Shares();
  const look = () => shares.look({ credited: swarm.given.credited, workers: swarm.workers() });
  look();
  const looking = setInterval(look, LOOK_MS).unref();
  cleanup.defer(() => clearInterval(looking));
  const trouble = () => {
    const hopeless = swarm.disconnections.hopeless();
    return [hopeless && inWords(hopeless), record.trouble].filter(Boolean).join('; ');
  };
  return () => {
    const now = clock.now();
    const { message, summary } = record;
    return statusOf({
      ...{ now, progress },
      connected: swarm.workers(),
      shareOf: (worker) => shares.of(worker, swarm.given.credited),
      plan: {
        steps: options.steps,
        epoch: epochOf(Math.max(0, progress.step - 1), options.epochPlan) + 1,
        batchSize: options.epochPlan.batchSize,
        localSteps: options.epochPlan.localSteps ?? null,
        metric,
        learningRate: progress.step > 0 ? control.learningRate(progress.step - 1) : null,
      },
      kept: {
        ...{ message, runDir, ended: summary, reproducible: record.reproducible },
        checkpoint: record.checkpointStatus(now),
        trouble: summary ? '' : trouble(),
      },
      course,
      seconds: summary?.seconds ?? progress.seconds(now),
      bytes: { ...swarm.traffic },
    });
  };
}
