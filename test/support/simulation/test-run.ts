/**
 * The coordinator's core and its loop for tests and benches, without files and sockets: each names what its subject
 * is, and all else is filled in. Time stands still until the test moves it, and nothing is kept.
 */
import { Control } from '../../../coordinator/run/control.js';
import {
  type Core,
  type CoreOptions,
  createCore,
  type Learning,
  type Membership,
  type Offer,
} from '../../../coordinator/run/core.js';
import {
  type Recorder,
  type RunOptions,
  type RunParts,
  run,
  type StopSignals,
} from '../../../coordinator/run/loop.js';
import { Progress } from '../../../coordinator/run/progress.js';
import { trustAll } from '../../../coordinator/trust/trust.js';
import type { Pipeline } from '../../../coordinator/update/pipeline.js';
import type { UpdateRule } from '../../../coordinator/update/rule/update-rule.js';
import { MAX_CONFUSION_CLASSES, squareOf } from '../../../shared/data/confusion.js';
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Optimizer } from '../../../shared/numerics/update/optimizers/optimizer.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import { ManualClock } from './memory-network.js';

const NONE = '0'.repeat(64);
const OBJECTS = {
  ...{ model: NONE, train: NONE, test: NONE, probe: NONE, program: NONE },
  objectBytes: { model: 0, train: 0, test: 0, probe: 0, program: 0 },
};
const NEVER = new AbortController().signal;

export interface TestCoreOptions
  extends Partial<Omit<Learning, 'layout'>>,
    Partial<Pick<Offer, 'generation' | 'shardSamples' | 'seed' | 'shuffle' | 'exchange'>>,
    Partial<Membership>,
    Partial<Pick<CoreOptions, 'shards' | 'clock' | 'timers' | 'tell'>> {
  layout: Layout;
  /** How weights travel; undefined: in float32. */
  coding?: Offer['weights'];
  /** By default plain SGD. */
  optimizer?: Optimizer;
}

export interface TestRunOptions extends TestCoreOptions, Partial<Omit<RunOptions, 'shards'>> {
  steps: number;
  batchSize: number;
  /** By default one batch an epoch. */
  records?: number;
  /** By default 0.01. */
  learningRate?: number;
  record?: Partial<Recorder>;
  /** Hears of all that steps hear, and of what follows from it. */
  trace?: RunParts['trace'];
}

export interface TestRun {
  core: Core;
  progress: Progress;
  /** Resolves as `run()` does. */
  run(stop?: Partial<StopSignals>): Promise<boolean>;
}

/** Everybody is believed and of the right class; weights are zeros, updates those of plain SGD. */
export function testCore(options: TestCoreOptions): Core {
  const { layout, optimizer = createOptimizer({ name: 'sgd' }) } = options;
  const plain: UpdateRule = { optimizer, clipNorm: 0, clipValue: 0, averageDecay: 0 };
  const { weights = new Float32Array(layout.total), rule = plain, robust } = options;
  const { generation = 1, shardSamples = 1, seed = 1, shuffle = 'none', exchange, coding } = options;
  const { engineClass = 'any', deadAfterMs = 10_000, trust = trustAll() } = options;
  const { confusionCells = MAX_CONFUSION_CLASSES ** 2 } = options;
  const { shards = 1, clock = new ManualClock(), timers = false, tell = () => undefined } = options;
  return createCore({
    learning: { layout, weights, rule, robust },
    shards,
    offer: {
      ...{ run: 'test', generation, ...OBJECTS, shardSamples, seed, shuffle },
      ...(exchange ? { exchange } : {}),
      ...(coding ? { weights: coding } : {}),
    },
    membership: { engineClass, deadAfterMs, trust, confusionCells },
    ...{ clock, timers, tell },
  });
}

/** Without evaluations but the last step's, and without checkpoints, unless the test asks for them. */
export function testRun(options: TestRunOptions): TestRun {
  const { batchSize, records = batchSize, learningRate = 0.01, shards = 1 } = options;
  const clock = options.clock ?? new ManualClock();
  const core = testCore({
    ...{ clock, shardSamples: shards === 'auto' ? 1 : batchSize / shards },
    ...options,
  });
  const progress = new Progress(clock.now());
  const record: Recorder = {
    step: () => undefined,
    evaluation: () => undefined,
    finalTest: () => undefined,
    best: async () => undefined,
    contribution: () => undefined,
    change: () => undefined,
    checkpoint: () => undefined,
    settled: async () => undefined,
    ...options.record,
  };
  const control = new Control({ schedule: (peak) => () => peak, peak: learningRate, changes: [] });
  const whole: RunOptions = {
    ...{ evaluateEvery: Number.POSITIVE_INFINITY, checkpointEvery: 0, minWorkers: 1, shards },
    ...{
      epochPlan: { records, batchSize },
      test: { parts: [{ from: 0, to: 1 }], mostInHand: 64, confusion: squareOf(0) },
    },
    ...options,
  };
  return {
    ...{ core, progress },
    run: (stop) =>
      run(
        whole,
        { core, progress, record, control, clock, trace: options.trace },
        { drain: NEVER, abort: NEVER, ...stop },
      ),
  };
}

/** What the pipeline would keep, each part in one piece: weights, and what the optimizer remembers. */
export const sectionsOf = (pipeline: Pipeline): Map<string, Float32Array> =>
  new Map(
    pipeline.state
      .sections()
      .map(({ name, chunks }) => [name, Float32Array.from(chunks.flatMap((chunk) => [...chunk]))]),
  );
