/** The status of a run from its files: checkpoint, metrics, and summary if it has ended. */
import { metricOf } from '../../shared/losses.js';
import type { Status } from '../../shared/status.js';
import { type Configuration, totalSteps } from '../configure.js';
import type { CheckpointState } from '../record/checkpoint-format.js';
import type { Summary } from '../record/summary.js';
import { pastWorkers } from '../status.js';
import type { Line } from './history.js';

export interface StoredStatusParts {
  runDir: string;
  state: CheckpointState;
  configuration: Configuration;
  /** Once the run has ended. */
  summary: Summary | undefined;
  /** The latest line of metrics of a step. */
  last: Line | undefined;
  /** ...and of an evaluation. */
  test: Line | undefined;
  /** Whether a coordinator is at work on it. */
  isLed: boolean;
  /** Lately. */
  samplesPerSecond: number;
}

export function storedStatus(parts: StoredStatusParts): Status {
  const { runDir, state, configuration, summary, last, isLed } = parts;
  const { progress, model, workers, bytes } = state;
  const metric = metricOf(model.loss);
  const step = Math.max(last?.step ?? 0, progress.step);
  const steps = Math.max(step, stepsOf(configuration, state));
  const test = summary?.test ?? parts.test ?? progress.test;
  const seconds = summary?.seconds ?? Math.max(last?.time ?? 0, progress.seconds);
  const samplesTrained = summary?.samplesTrained ?? progress.samplesTrained;
  const overall = seconds > 0 ? samplesTrained / seconds : 0;
  const samplesPerSecond = isLed ? parts.samplesPerSecond : overall;
  const left = (steps - step) * configuration.batchSize;
  const latest = (name: string) => (name === metric ? (last?.metric ?? null) : null);
  const tested = (name: typeof metric) =>
    name === metric ? (summary?.test?.[name] ?? parts.test?.metric ?? progress.test?.metric ?? null) : null;
  const ended = summary?.status ?? 'stopped';
  return {
    state: isLed ? 'training' : ended,
    message: isLed
      ? 'training'
      : (summary?.reason ?? summary?.status ?? 'read from its files: it has no end yet'),
    runDir,
    step,
    steps,
    epoch: last?.epoch ?? 1,
    batchSize: configuration.batchSize,
    metric,
    loss: last?.loss ?? null,
    accuracy: latest('accuracy'),
    meanAbsoluteError: latest('meanAbsoluteError'),
    testLoss: test?.loss ?? null,
    testAccuracy: tested('accuracy'),
    testMeanAbsoluteError: tested('meanAbsoluteError'),
    samplesPerSecond,
    secondsLeft: isLed && samplesPerSecond > 0 ? left / samplesPerSecond : null,
    seconds,
    samplesTrained,
    bytes: summary?.bytes ?? bytes,
    // Who takes part in a run that goes on, its last checkpoint tells.
    workers: pastWorkers(summary?.workers ?? workers, isLed ? 'at the last checkpoint' : ended),
    shards: summary?.shards ?? progress.shards,
  };
}

/** 0 where it cannot be known: the configuration counts epochs, and the checkpoint is of an older version. */
function stepsOf(configuration: Configuration, { trainRecords }: CheckpointState): number {
  if (configuration.steps !== undefined) return configuration.steps;
  if (trainRecords === undefined) return 0;
  return totalSteps(configuration, { records: trainRecords, batchSize: configuration.batchSize });
}
