/** The coordinator process of the faults bench: PARAMETERS WORKERS STEPS BATCH SHARDS. Tells of each step. */

import { OPEN_GATE } from '../../coordinator/access/gate.js';
import { Control } from '../../coordinator/control.js';
import { createCore } from '../../coordinator/core.js';
import { ObjectStore } from '../../coordinator/data/store.js';
import { Progress } from '../../coordinator/progress.js';
import { run } from '../../coordinator/run.js';
import { listen } from '../../coordinator/server/listen.js';
import { createOptimizer } from '../../coordinator/update/optimizers/optimizers.js';
import { monotonicClock } from '../../shared/clock.js';
import { layoutFor } from './step-model.js';

export interface FaultReport {
  /** Milliseconds of each measured step. */
  stepMs: number[];
  counted: number;
  expected: number;
  reissued: number;
  speculated: number;
}

const [parameters, workers, steps, batchSize, shards] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
/** Steps before the measured ones: speeds are learnt, code is compiled. */
const WARM_UP = 10;

const layout = layoutFor(parameters);
const none = '0'.repeat(64);
let speculated = 0;
const core = createCore({
  layout,
  weights: new Float32Array(layout.total),
  rule: {
    optimizer: createOptimizer({ name: 'sgd', momentum: 0.9 }),
    clipNorm: 0,
    clipValue: 0,
    averageDecay: 0,
  },
  shards,
  engineClass: 'any',
  deadAfterMs: 10_000,
  run: 'bench',
  objects: { model: none, train: none, test: none, probe: none, program: none },
  shardSamples: batchSize / shards,
  seed: 1,
  shuffle: 'none',
  clock: monotonicClock,
  tell: ({ type }) => {
    if (type === 'speculated') speculated++;
  },
});
const dashboard = { server: 'bench', runs: [], live: false, tokens: false, join: () => '' };
const served = { gate: OPEN_GATE, objects: new ObjectStore(), pages: new Map(), dashboard };
const server = await listen('127.0.0.1', 0, core.swarm, served);
process.send!({ url: server.url });

const all = WARM_UP + steps;
const stepMs: number[] = [];
let last = 0;
const record = {
  step: ({ step }: { step: number }) => {
    const now = performance.now();
    if (step > WARM_UP) stepMs.push(now - last);
    last = now;
    if (step >= WARM_UP && step < all) process.send!({ step });
  },
  evaluation: () => undefined,
  contribution: () => undefined,
  change: () => undefined,
  checkpoint: () => undefined,
  settled: async () => undefined,
};
const progress = new Progress(0, true);
const control = new Control({ schedule: (peak) => () => peak, peak: 0.01, changes: [] });
const never = new AbortController().signal;
await core.swarm.atLeast(workers, never);
await run(
  {
    steps: all,
    epochPlan: { records: batchSize * all, batchSize },
    shards,
    evaluateEvery: all,
    checkpointEvery: 0,
    // Not for those that are to come in place of the dead.
    minWorkers: 1,
    layout,
    test: { parts: [{ from: 0, to: 1 }], confusionClasses: 0 },
  },
  { ...core, progress, record, control, clock: monotonicClock },
  { drain: never, abort: never },
);
const { counted, expected, reissued } = progress.shards;
process.send!({ report: { stepMs, counted, expected, reissued, speculated } satisfies FaultReport });
