/** The status of a run from its files: checkpoint, metrics, and summary if it has ended. */
import { metricOf } from '../../../shared/numerics/losses.js';
import type { Status } from '../../../shared/status/status.js';
import type { CheckpointState } from '../../record/checkpoint/format.js';
import { resumeCommand } from '../../record/folder/run-folder.js';
import type { Summary } from '../../record/folder/summary.js';
import type { Course } from '../../run/watch/course.js';
import { healthOf } from '../../run/watch/health.js';
import { type Configuration, totalSteps } from '../../setup/configure.js';
import type { Line } from '../curves/history.js';
import { bestOf, pastWorkers } from '../status/status.js';

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
  /** ...on the validation set. */
  validation: Line | undefined;
  /** Whether a coordinator is at work on it. */
  isLed: boolean;
  course: Course;
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
  const left = (steps - step) * (configuration.localSteps ?? 1) * configuration.batchSize;
  const lately = parts.course.lately();
  // Once it has ended: over its last epoch.
  const train = (isLed ? undefined : summary?.train) ?? undefined;
  const trained = (name: typeof metric) =>
    name === metric ? (train?.[name] ?? lately?.metric ?? null) : null;
  const tested = (name: typeof metric) =>
    name === metric ? (summary?.test?.[name] ?? parts.test?.metric ?? progress.test?.metric ?? null) : null;
  const validation = summary?.validation ?? parts.validation ?? progress.validation;
  const validated = (name: typeof metric) =>
    name === metric
      ? (summary?.validation?.[name] ?? parts.validation?.metric ?? progress.validation?.metric ?? null)
      : null;
  const ended = summary?.status ?? 'stopped';
  return {
    state: isLed ? 'training' : ended,
    message: isLed ? 'training' : (summary?.reason ?? endOf(summary, step, runDir)),
    runDir,
    step,
    steps,
    epoch: last?.epoch ?? 1,
    batchSize: configuration.batchSize,
    localSteps: configuration.localSteps ?? null,
    metric,
    loss: train?.loss ?? lately?.loss ?? null,
    accuracy: trained('accuracy'),
    meanAbsoluteError: trained('meanAbsoluteError'),
    testLoss: test?.loss ?? null,
    testAccuracy: tested('accuracy'),
    testMeanAbsoluteError: tested('meanAbsoluteError'),
    validationLoss: validation?.loss ?? null,
    validationAccuracy: validated('accuracy'),
    validationMeanAbsoluteError: validated('meanAbsoluteError'),
    metrics: {
      validation: summary?.validation?.metrics ?? progress.validation?.metrics ?? {},
      test: summary?.test?.metrics ?? progress.test?.metrics ?? {},
    },
    best: summary?.best ?? bestOf(progress.watched ?? parts.course.watched),
    health: healthOf({
      state: isLed ? 'training' : ended,
      reason: summary?.reason ?? '',
      course: parts.course,
      silentSeconds: null,
    }),
    reproducible: summary?.reproducible ?? null,
    weightsSha256: summary?.weightsSha256 ?? null,
    learningRate: last?.learningRate ?? null,
    samplesPerSecond,
    secondsLeft: isLed && samplesPerSecond > 0 ? left / samplesPerSecond : null,
    seconds,
    samplesTrained,
    bytes: summary?.bytes ?? bytes,
    // Who takes part in a run that goes on, its last checkpoint tells.
    workers: pastWorkers(
      summary?.workers ?? workers,
      isLed ? 'at the last checkpoint' : ended,
      isLed ? 0 : seconds,
    ),
    shards: summary?.shards ?? progress.shards,
    trouble: '',
    checkpoint: { step: progress.step, secondsAgo: null, failures: 0 },
  };
}

function endOf(summary: Summary | undefined, step: number, runDir: string): string {
  if (summary?.status === 'finished') return 'finished';
  const end = summary ? `stopped at step ${step}` : 'read from its files: it has no end yet';
  return `${end}; to go on: ${resumeCommand(runDir)}`;
}

/** 0 where it cannot be known: the configuration counts epochs, and the checkpoint is of an older version. */
function stepsOf(configuration: Configuration, { trainRecords }: CheckpointState): number {
  const { steps, batchSize, localSteps } = configuration;
  if (steps !== undefined && localSteps === undefined) return steps;
  if (trainRecords === undefined) return 0;
  return totalSteps(configuration, { records: trainRecords, batchSize, localSteps });
}
