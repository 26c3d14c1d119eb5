/** What of a round a worker takes from a coordinator. */
import { expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import type { Lease } from '../../shared/protocol/messages.js';
import { manifestOf } from '../../test/support/files/manifest.js';
import { checkLease, workLimits } from './check-work.js';

const layout = layoutOf([{ name: 'weights', shape: [3], trainable: true }]);
const records = { train: manifestOf(1000), test: manifestOf(10), layout, shardSamples: 4 };
const lease = (samples: number, updates?: number): Lease => ({
  ...{ type: 'lease', step: 0, epoch: 0, node: 1, firstShard: 0, fromChunk: 0, window: 1 },
  bounds: [0, samples],
  ...(updates === undefined ? {} : { updates: { before: 0, rates: new Array<number>(updates).fill(0.1) } }),
});

it('a lease of a round has as many samples as its updates may have, and no more updates than a round', () => {
  const limits = workLimits({ ...records, localSteps: 5 });
  checkLease(lease(40, 5), limits);
  expect(() => checkLease(lease(41, 5), limits)).toThrow('a shard of 41 samples, at most 40 are due');
  expect(() => checkLease(lease(40, 6), limits)).toThrow('6 updates, a round has at most 5');
});

it('a run has updates in all of its leases, or in none', () => {
  expect(() => checkLease(lease(4), workLimits({ ...records, localSteps: 5 }))).toThrow('without updates');
  expect(() => checkLease(lease(4, 1), workLimits(records))).toThrow('with updates');
});
