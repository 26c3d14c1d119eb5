/**
 * What a run tells of itself; `GET /api/status` has the rows of the first hundred workers (`StatusView`).
 * Plain JSON: a number that is not known yet, or that the run's metric does not have, is null.
 */
import type { MetricName } from '../numerics/losses.js';
import type { WorkerKind } from '../protocol/messages.js';
import type { WorkerRole } from '../protocol/roles.js';

/**
 * `waiting`: fewer workers than `--min-workers`; `paused`: by an admin; `saving`: nothing is left to compute, the files
 * are being written. The last three are final.
 */
export type RunState =
  | 'starting'
  | 'waiting'
  | 'training'
  | 'evaluating'
  | 'paused'
  | 'saving'
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

/** A worker that takes part, as the coordinator knows it. */
export interface WorkerStatus {
  id: number;
  name: string;
  kind: WorkerKind;
  /** `worker`: trusted; `volunteer`: not. */
  role: WorkerRole;
  /** Empty until the worker has chosen one. */
  engine: string;
  /** How many shards it computes at a time; null until it has said so, and once it is gone. */
  lanes: number | null;
  /** `joining`, `syncing`, `idle` or `computing`; once the run is over, how it ended. */
  state: string;
  /** Samples whose contributions counted. */
  samples: number;
  /** Its share of the run's samples a second, by what counted in the last half minute; the shares add up. */
  samplesPerSecond: number;
  /** Milliseconds of the last contribution: waiting, computing, and the rest (network, queues). */
  waitMs: number;
  computeMs: number;
  networkMs: number;
}

/** The newest complete checkpoint. */
export interface CheckpointStatus {
  /** Null before the first. */
  step: number | null;
  /** Seconds since it was written, or since this start of the run resumed from it; null if unknown. */
  secondsAgo: number | null;
  /** How many could not be written since this start. */
  failures: number;
}

/** Whether a run gets anywhere, and one line that says by which figures. */
export interface Health {
  /**
   * `diverging`: the training loss is above where it began; `worse`: the latest evaluation is far from the best one;
   * `plateau`: no evaluation of the last ones was better; `stalled`: steps should come, and do not.
   */
  state: 'ok' | 'plateau' | 'worse' | 'diverging' | 'stalled' | 'failed';
  reason: string;
}

/** How a run stands now: its state and figures, and its workers. */
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
  /** Of a run with `--local-steps`: updates of one of its steps, which are rounds; null: a step is one update. */
  localSteps: number | null;
  metric: MetricName;
  /** Training loss and metric, per sample: over the last 50 steps; once the run is over, over its last epoch. */
  loss: number | null;
  accuracy: number | null;
  meanAbsoluteError: number | null;
  /** The loss of the latest evaluation on the test set: with a validation set there is one, at the end. */
  testLoss: number | null;
  testAccuracy: number | null;
  testMeanAbsoluteError: number | null;
  /** The same on the validation set; null in a run without one, whose evaluations look at the test set. */
  validationLoss: number | null;
  validationAccuracy: number | null;
  validationMeanAbsoluteError: number | null;
  /** Those of `--metrics` at the latest evaluation of each set, by their names in files; empty without that option. */
  metrics: { validation: Record<string, number>; test: Record<string, number> };
  /** The best evaluation, by `--monitor` or else by the metric: after how many updates, and its value; null: none yet. */
  best: { step: number; metric: string; value: number } | null;
  health: Health;
  /** Whether the same configuration gives the same weights with any workers, so far; null: the files do not tell yet. */
  reproducible: { holds: boolean; why: string } | null;
  /** The hash of the weights, as the summary has it; null until the run is over. */
  weightsSha256: string | null;
  /** The learning rate of the latest step. */
  learningRate: number | null;
  /** Samples trained a second, over the last few seconds; 0 while none are. Once the run is over, over all of it. */
  samplesPerSecond: number;
  /** Estimate for the rest of the run, while it goes on. */
  secondsLeft: number | null;
  /** That the run has taken, over all of its starts, pauses left out. */
  seconds: number;
  samplesTrained: number;
  /** Sent to workers, and received from them. */
  bytes: { down: number; up: number };
  /** Those who are connected; once the run is over, those who took part. */
  workers: WorkerStatus[];
  shards: ShardCounters;
  /** What is wrong, though the run goes on; empty: nothing. Part of `message` too. */
  trouble: string;
  checkpoint: CheckpointStatus;
}
