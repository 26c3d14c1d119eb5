import { describe, expect, it } from 'vitest';
import type { Lease } from '../../shared/protocol/messages.js';
import { Foresight } from './foresight.js';

const RECORDS = 95;

/** The right half of a step of 16 samples, in two shards. */
function lease(step: number, change: Partial<Lease> = {}): Lease {
  const bounds = [8, 12, 16].map((bound) => bound + 16 * step);
  return {
    type: 'lease',
    step,
    epoch: 0,
    node: 3,
    firstShard: 2,
    bounds,
    fromChunk: 0,
    window: 1,
    ...change,
  };
}

/** What is foreseen after these leases. */
function foreseen(...leases: Lease[]): Foresight {
  const foresight = new Foresight(RECORDS);
  for (const each of leases) foresight.came(each);
  return foresight;
}

describe('the lease that is foreseen', () => {
  it('is of the same node in the next step, and of the samples that follow', () => {
    const { step, epoch, node, firstShard, bounds } = lease(2);
    expect(foreseen(lease(0), lease(1)).next).toEqual({ step, epoch, node, firstShard, bounds });
  });

  it.each<[string, Lease[]]>([
    ['after one lease alone', [lease(0)]],
    ['after another node', [lease(0, { node: 2, firstShard: 0, bounds: [0, 4, 8] }), lease(1)]],
    ['after two leases of one step', [lease(0), lease(1, { node: 2 }), lease(1)]],
    ['after a step without a lease', [lease(0), lease(2)]],
    ['at the beginning of an epoch', [lease(0), lease(1, { epoch: 1 })]],
    ['where shards have changed their size', [lease(0, { bounds: [8, 11, 16] }), lease(1)]],
    ['where the epoch ends', [lease(3), lease(4)]],
  ])('is none %s', (_when, leases) => {
    expect(foreseen(...leases).next).toBeUndefined();
  });

  it('is the surer the more leases in a row have come as foreseen', () => {
    const foresight = foreseen(lease(0), lease(1));
    expect(foresight.right).toBe(0);
    foresight.came(lease(2));
    foresight.came(lease(3));
    expect(foresight.right).toBe(2);
    foresight.came(lease(4, { bounds: [72, 77, 80] }));
    expect(foresight.right).toBe(0);
  });
});
