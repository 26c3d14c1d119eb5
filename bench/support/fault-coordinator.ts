/** The coordinator process of the faults bench: PARAMETERS WORKERS STEPS BATCH SHARDS. Tells of each step. */
import { ObjectStore } from '../../coordinator/prepare/data/store.js';
import { OPEN_AUTHENTICATOR } from '../../coordinator/server/access/authenticator.js';
import type { ServedRun } from '../../coordinator/server/http/dashboard.js';
import { listen } from '../../coordinator/server/listen.js';
import { createOptimizer } from '../../coordinator/update/optimizers/optimizers.js';
import { monotonicClock } from '../../shared/clock.js';
import { testRun } from '../../test/support/simulation/test-run.js';
import { layoutFor } from './idle-model.js';

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
const live = { swarm: core.swarm, objects: new ObjectStore() };
const shown = { id: 'bench', live } as unknown as ServedRun;
const dashboard = { server: 'bench', runs: [shown], live: false, tokens: false, join: () => '' };
const served = { authenticator: OPEN_AUTHENTICATOR, pages: new Map(), dashboard };
const server = await listen('127.0.0.1', 0, served);
process.send!({ url: server.url });

// Only to begin with: none of those that die must come back for the run to go on.
await core.swarm.atLeast(workers, new AbortController().signal);
await run();
const { counted, expected, reissued } = progress.shards;
process.send!({ report: { stepMs, counted, expected, reissued, speculated } satisfies FaultReport });
