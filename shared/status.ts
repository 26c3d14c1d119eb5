/**
 * What a run tells of itself: `GET /api/status`, and the events that people read as log lines.
 * Plain JSON: a number that is not known yet, or that the run's metric does not have, is null.
 */
import type { MetricName } from './losses.js';
import type { WorkerKind } from './protocol/messages.js';
import type { WorkerRole } from './roles.js';

/** `waiting`: fewer workers than `--min-workers`; `paused`: by an admin. The last three are final. */
export type RunState =
  | 'starting'
  | 'waiting'
  | 'training'
  | 'evaluating'
  | 'paused'
  | 'finished'
  | 'stopped'
  | 'failed';

const FINAL_STATES: readonly RunState[] = ['finished', 'stopped', 'failed'];

export const isOver = (state: RunState): boolean => FINAL_STATES.includes(state);

/** Shards whose contribution counted, that were leased again, refused, or came though already counted. */
export interface ShardCounters {
  expected: number;
  counted: number;
  reissued: number;
  rejected: number;
  duplicates: number;
}

export interface WorkerStatus {
  id: number;
  name: string;
  kind: WorkerKind;
  /** `worker`: trusted; `volunteer`: not. */
  role: WorkerRole;
  /** Empty until the worker has chosen one. */
  engine: string;
  /** `joining`, `syncing`, `idle` or `computing`; once the run is over, how it ended. */
  state: string;
  /** Samples whose contributions counted. */
  samples: number;
  samplesPerSecond: number;
  /** Of the last contribution, in milliseconds: waiting, computing, and the rest (network, queues). */
  waitMs: number;
  computeMs: number;
  networkMs: number;
}

export interface Status {
  state: RunState;
  /** One line for people: what the run does or waits for; why it failed. */
  message: string;
  /** Absolute path of the run's folder on the coordinator's machine. */
  runDir: string;
  /** Updates done so far, and in all. */
  step: number;
  steps: number;
  /** The epoch in progress, from 1. */
  epoch: number;
  batchSize: number;
  metric: MetricName;
  /** Training loss and metric of the latest step, per sample. */
  loss: number | null;
  accuracy: number | null;
  meanAbsoluteError: number | null;
  /** Of the latest evaluation on the test set. */
  testLoss: number | null;
  testAccuracy: number | null;
  testMeanAbsoluteError: number | null;
  /** Samples trained a second, over the last few seconds. */
  samplesPerSecond: number;
  /** Estimate for the rest of the run. */
  secondsLeft: number | null;
  /** That the run has taken, over all of its starts. */
  seconds: number;
  samplesTrained: number;
  /** Sent to workers, and received from them. */
  bytes: { down: number; up: number };
  /** Those who are connected; once the run is over, those who took part. */
  workers: WorkerStatus[];
  shards: ShardCounters;
}

/** `text` is one line that says it all; the other fields are for programs. */
export type RunEvent =
  | { type: 'worker-joined' | 'worker-left' | 'worker-refused' | 'banned'; worker: string; text: string }
  | { type: 'evaluation'; step: number; epoch: number; loss: number; metric: number; text: string }
  | { type: 'checkpoint'; step: number; text: string }
  | { type: 'resumed'; step: number; text: string }
  | { type: 'reissued'; worker: string; text: string }
  | { type: 'speculated'; step: number; text: string }
  | { type: 'waiting'; text: string }
  | { type: 'change'; step: number; text: string }
  | { type: 'warning'; text: string }
  | { type: 'finished'; text: string };
