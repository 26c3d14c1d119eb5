import type { StatusView } from '../../../shared/status/monitoring.js';
import type { Status, WorkerStatus } from '../../../shared/status/status.js';

export const worker = (changes: Partial<WorkerStatus> = {}): WorkerStatus => ({
  id: 1,
  name: 'ada',
  kind: 'node',
  role: 'worker',
  engine: 'eager/wasm',
  lanes: 4,
  state: 'computing',
  samples: 12_345,
  samplesPerSecond: 2500.4,
  waitMs: 1.2,
  computeMs: 8.7,
  networkMs: 3,
  ...changes,
});

export const status = (changes: Partial<Status> = {}): Status => ({
  state: 'training',
  message: '',
  runDir: '/runs/one',
  step: 312,
  steps: 1404,
  epoch: 1,
  batchSize: 128,
  localSteps: null,
  metric: 'accuracy',
  loss: 0.12345,
  accuracy: 0.9609375,
  meanAbsoluteError: null,
  validationLoss: null,
  validationAccuracy: null,
  validationMeanAbsoluteError: null,
  best: null,
  health: { state: 'ok', reason: 'training loss 0.1235, at first 2.303' },
  reproducible: { holds: true, why: '8 shards a step, all computed by eager/wasm@1' },
  weightsSha256: null,
  metrics: { validation: {}, test: {} },
  testLoss: null,
  testAccuracy: null,
  testMeanAbsoluteError: null,
  learningRate: 0.001,
  samplesPerSecond: 15_234.6,
  secondsLeft: 187,
  seconds: 21,
  samplesTrained: 39_936,
  bytes: { down: 1e8, up: 9e7 },
  workers: [worker()],
  shards: { expected: 2496, counted: 2496, reissued: 8, rejected: 1, duplicates: 2 },
  trouble: '',
  checkpoint: { step: 300, secondsAgo: 1.5, failures: 0 },
  ...changes,
});

/** The same as it is sent, with one worker in Node unless told. */
export const statusView = (changes: Partial<StatusView> = {}): StatusView => ({
  ...status(changes),
  workerCounts: changes.workerCounts ?? { node: 1, browser: 0 },
});
