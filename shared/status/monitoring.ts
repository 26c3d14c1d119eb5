/**
 * What the dashboard reads of a run, besides its status: curves, events, the last steps, the model.
 * Plain JSON; a number that is not there is null. Series are columns: short on the wire, as charts want them.
 */
import type { LabelKind, Normalization, TensorSpec } from '../data/manifest.js';
import type { ModelDescription } from '../models/description.js';
import type { LossName, MetricName } from '../numerics/losses.js';
import type { WorkerKind } from '../protocol/messages.js';
import type { Role } from '../protocol/roles.js';
import type { Status, WorkerStatus } from './status.js';

/** `GET /api/status`: of the workers, the rows of the first hundred. */
export interface StatusView extends Status {
  /** How many there are in all. */
  workerCounts: Record<WorkerKind, number>;
}

/** `GET /api/workers?search=TEXT&from=N`: at most a hundred rows, after the first N that match. */
export interface WorkersView {
  /** How many match in all. */
  matching: number;
  workers: WorkerStatus[];
}

/** Values over the steps of a bucket; `mean` is over samples for loss and metric, over steps for the others. */
export interface Column {
  min: number[];
  max: number[];
  mean: number[];
}

export interface Curve {
  /** The last step of each bucket. */
  step: number[];
  /** Samples trained by the end of each bucket, and seconds of the run, pauses left out. */
  samples: number[];
  time: number[];
  loss: Column;
  metric: Column;
  learningRate: Column;
  gradientNorm: Column;
}

export interface EvaluationCurve {
  step: number[];
  loss: Column;
  metric: Column;
}

/** `GET /api/history`: a bucket has the steps of one aligned range of `every`, from 1. */
export interface HistoryView {
  metric: MetricName;
  every: number;
  curve: Curve;
  evaluations: EvaluationCurve;
  /** The set that evaluations looked at. */
  evaluatedOn: 'validation' | 'test';
  changes: Change[];
}

/** What an admin did to the run, or its plateau schedule. It takes effect after `step` updates. */
export type Change = { step: number } & (
  | { what: 'pause' | 'resume' }
  /** `by`: absent where an admin did it. */
  | { what: 'learning-rate'; learningRate: number; by?: 'plateau' }
);

/** One contribution, in milliseconds since its step began: lease sent, computing, uploading, counted. */
export interface Segment {
  worker: number;
  /** First shard, and how many. */
  shard: number;
  shards: number;
  leased: number;
  started: number;
  computed: number;
  counted: number;
}

export interface StepTimeline {
  /** Updates made when it had ended. */
  step: number;
  milliseconds: number;
  segments: Segment[];
}

/** Shares of a worker's time over the last steps, which add up to 1. */
export interface TimeShares {
  download: number;
  compute: number;
  upload: number;
  wait: number;
}

/** `GET /api/timeline` */
export interface TimelineView {
  workers: { id: number; name: string; shares: TimeShares }[];
  /** Who took part in earlier steps and in none of the last, by name, over all of its steps since this start. */
  departed: { name: string; shares: TimeShares }[];
  /** The oldest first. */
  steps: StepTimeline[];
}

export interface HistogramView {
  /** Borders of the first and the last bin, all of one width. */
  min: number;
  max: number;
  mean: number;
  deviation: number;
  counts: number[];
}

export interface WeightHistograms {
  name: string;
  shape: number[];
  weights: HistogramView | null;
  gradients: HistogramView | null;
}

/** A record that the model got wrong, and how sure it was. */
export interface Mistake {
  /** Index within the test set. */
  record: number;
  predicted: number;
  /** The probability that the model gave to it. */
  confidence: number;
}

export interface ShownMistake extends Mistake {
  actual: number;
  /** The record's x as base64 of its little-endian values; null where it is no picture. */
  x: string | null;
}

/** Of the records of a class, the share that was recognized: a list for each class, beside `step`. */
export interface RecallView {
  step: number[];
  /** Null where the set has none of the class. */
  classes: (number | null)[][];
}

/** `GET /api/model` */
export interface ModelView {
  name: string;
  loss: LossName;
  metric: MetricName;
  parameters: number;
  trainable: number;
  layers: ModelDescription['layers'];
  x: TensorSpec;
  y: TensorSpec;
  label: LabelKind;
  normalisation: Normalization;
  evaluation: {
    step: number;
    /** Classes x classes counts, row-major [actual, predicted]; of several classes at once [classes, 2, 2]. */
    confusion: number[] | null;
    mistakes: ShownMistake[];
  } | null;
  /** Recall of each class at the evaluations so far; null where there are no classes, or too many. */
  recalls: RecallView | null;
  /** Histograms of a sample of each weight's elements. */
  histograms: { step: number; weights: WeightHistograms[] } | null;
}

/** `GET /api/config`: with what a run was started. */
export interface ConfigView {
  options: {
    /** As the command line has it: `--batch-size`. */
    flag: string;
    value: OptionValue;
    /** That of who does not give it; null: the model or another option decides, as `otherwise` says. */
    usual: OptionValue;
    otherwise: string;
    meaning: string;
    /** Whether it decides the weights. */
    isResult: boolean;
  }[];
  /** Trains the same again, in another folder. */
  command: string;
}
type OptionValue = string | number | boolean | null;

/** `GET /api/continuation`: how a run that is over may go on here; null where it cannot. */
export interface ContinuationView {
  /** The steps of the newest checkpoint, and of the best, if that is another; null: there is nothing to do from there. */
  last: number | null;
  best: number | null;
  /** The peak that it has. */
  learningRate: number;
}

/** `/api/session`: who the visitor is to the server. */
export interface SessionView {
  auth: 'none' | 'tokens';
  roles: readonly Role[];
  /** Why there are no roles. */
  refused: 'missing' | 'wrong' | 'tooMany' | null;
  /** Whether the run is over, for who may do anything here: then there is nothing to join. */
  isOver: boolean;
}

/** `GET /api/runs`, and the first event of `GET /api/live`. */
export interface Greeting {
  /** A new one with each start of the server: what a page knows of another one is out of date. */
  server: string;
  /** Whether this visitor may pause, stop and change the run. */
  admin: boolean;
  /** Whether the run is under way here; otherwise it is shown from its files. */
  live: boolean;
  /** The address where others join; empty if there is none. */
  join: string;
  /** Whether joining takes a token. */
  tokens: boolean;
  runs: {
    id: string;
    name: string;
    model: string;
    parameters: number;
    batchSize: number;
    shards: string;
    /** Null where files of an older version do not tell. */
    stepsPerEpoch: number | null;
  }[];
}
