/** The status of a run, as `GET /api/status` gives it. */
import type { MetricName } from '../shared/losses.js';
import type { RunState, Status, WorkerStatus } from '../shared/status.js';
import type { Progress, Result } from './progress.js';
import type { Summary } from './record/summary.js';
import type { Member, Totals } from './work/members.js';

export interface StatusParts {
  progress: Progress;
  members: Member[];
  message: string;
  runDir: string;
  steps: number;
  epoch: number;
  batchSize: number;
  metric: MetricName;
  seconds: number;
  bytes: { down: number; up: number };
  /** Once the run is over: what came of it. */
  ended: Pick<Summary, 'status' | 'workers'> | undefined;
}

export function statusOf(parts: StatusParts): Status {
  const { progress, members, metric, steps, batchSize } = parts;
  const samplesPerSecond = progress.samplesPerSecond();
  const left = (steps - progress.step) * batchSize;
  const value = (result: Result | null, name: MetricName) =>
    name === metric && result ? result.metric : null;
  // A step that has lost its last worker waits for the next one, whatever the run was doing.
  const isDeserted = !members.some(({ state }) => state === 'idle' || state === 'computing');
  const isBusy = progress.state === 'training' || progress.state === 'evaluating';
  const state = isBusy && isDeserted ? 'waiting' : progress.state;
  return {
    state,
    message: parts.message || describe(state, members.length),
    runDir: parts.runDir,
    step: progress.step,
    steps,
    epoch: parts.epoch,
    batchSize,
    metric,
    loss: progress.latest?.loss ?? null,
    accuracy: value(progress.latest, 'accuracy'),
    meanAbsoluteError: value(progress.latest, 'meanAbsoluteError'),
    testLoss: progress.test?.loss ?? null,
    testAccuracy: value(progress.test, 'accuracy'),
    testMeanAbsoluteError: value(progress.test, 'meanAbsoluteError'),
    samplesPerSecond,
    secondsLeft: samplesPerSecond > 0 ? left / samplesPerSecond : null,
    seconds: parts.seconds,
    samplesTrained: progress.samplesTrained,
    bytes: parts.bytes,
    workers: parts.ended ? pastWorkers(parts.ended.workers, parts.ended.status) : members.map(rowOf),
    shards: { ...progress.shards },
  };
}

const rowOf = (member: Member): WorkerStatus => ({
  id: member.id,
  name: member.name,
  kind: member.kind,
  role: member.role,
  engine: member.engine,
  state: member.state,
  samples: member.samples,
  samplesPerSecond: member.speed ?? 0,
  waitMs: member.waitMs,
  computeMs: member.computeMs,
  networkMs: member.networkMs,
});

/** Those who took part, when nobody is connected any more: one row for each name, kind and engine class. */
export const pastWorkers = (totals: readonly Totals[], state: string): WorkerStatus[] =>
  totals.map(({ name, kind, engine, samples }, id) => ({
    id,
    name,
    kind,
    // Not kept: all that is shown of a run that is over has counted.
    role: 'worker',
    engine,
    state,
    samples,
    samplesPerSecond: 0,
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
    case 'evaluating':
      return 'evaluating on the test set';
    default:
      return state;
  }
}
