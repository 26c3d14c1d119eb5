/** The coordinator process of the faults bench: PARAMETERS WORKERS STEPS BATCH SHARDS. Tells of each step. */

import { monotonicClock } from '../../shared/clock.js';
import { createOptimizer } from '../../shared/numerics/update/optimizers/optimizers.js';
import { testRun } from '../../test/support/simulation/test-run.js';
import { layoutFor } from './idle-model.js';
import { serveCore } from './serve-core.js';

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
/** Steps before the measured ones: speeds are learned, code is compiled. */
const WARM_UP = 10;

const all = WARM_UP + steps;
const stepMs: number[] = [];
let [last, speculated] = [0, 0];
const { core, progress, run } = testRun({
  ...{ layout: layoutFor(parameters), steps: all, batchSize, records: batchSize * all, shards },
  ...{ optimizer: createOptimizer({ name: 'sgd', momentum: 0.9 }), clock: monotonicClock, timers: true },
  tell: ({ type }) => {
    if (type === 'speculated') speculated++;
  },
  record: {
    step: ({ step }) => {
      const now = performance.now();
      if (step > WARM_UP) stepMs.push(now - last);
      last = now;
      if (step >= WARM_UP && step < all) process.send!({ step });
    },
  },
});
process.send!({ url: await serveCore(core) });

// Only to begin with: none of those that die must come back for the run to go on.
await core.swarm.atLeast(workers, new AbortController().signal);
await run();
const { counted, expected, reissued } = progress.shards;
process.send!({ report: { stepMs, counted, expected, reissued, speculated } satisfies FaultReport });
