import { describe, expect, it } from 'vitest';
import { expectedMs } from '../../coordinator/work/deadlines.js';
import type { Turnaround } from '../../coordinator/work/members.js';
import { type OpenLease, speculate } from '../../coordinator/work/speculation.js';
import { leafCount } from '../../shared/tree.js';

const SHARDS = 8;
const lease = (samples: number, turnaroundMs: number, computeMs = turnaroundMs): Turnaround => ({
  samples,
  computeMs,
  turnaroundMs,
});
const steady = Array.from({ length: 8 }, () => lease(16, 100));
const options = {
  all: steady,
  samples: (node: number) => 16 * leafCount(SHARDS, node),
  isLeaf: (node: number) => leafCount(SHARDS, node) === 1,
};
const open = (node: number, worker: number, more: Partial<OpenLease> = {}): OpenLease => ({
  node,
  worker,
  name: `w${worker}`,
  samples: options.samples(node),
  since: 0,
  recent: steady,
  ...more,
});
const idle = (...ids: number[]) => ids.map((id) => ({ id, name: `w${id}`, speed: 100 * id }));

describe('what is to be expected of a lease', () => {
  it('is the median of the past for as many samples, and half of it more', () => {
    expect(expectedMs(16, steady, [])).toBe(150);
    expect(expectedMs(32, steady, [])).toBe(300);
  });

  it('scales computing with the samples, and not what comes beside it', () => {
    const slowNetwork = Array.from({ length: 5 }, () => lease(16, 1100, 100));
    expect(expectedMs(32, slowNetwork, [])).toBe(1.5 * 1200);
  });

  it('is more patient with a worker whose times vary: five deviations', () => {
    const varying = [60, 80, 100, 120, 140].map((time) => lease(16, time));
    // The median absolute deviation of these is 20 ms.
    expect(expectedMs(16, varying, [])).toBeCloseTo(100 + 5 * 1.4826 * 20, 6);
  });

  it('does not move for one outlier', () => {
    expect(expectedMs(16, [...steady, lease(16, 60_000)], [])).toBe(150);
  });

  it('is never more than half a minute beyond the median', () => {
    const wild = [1, 50_000, 100_000, 150_000, 200_000].map((time) => lease(16, time));
    expect(expectedMs(16, wild, [])).toBe(130_000);
  });

  it('is twice what all do for one without a history, and unknown while nobody has any', () => {
    expect(expectedMs(16, [lease(16, 1)], steady)).toBe(300);
    expect(expectedMs(16, [], [])).toBeUndefined();
  });
});

describe('speculation', () => {
  it('asks nobody as long as nothing is late', () => {
    expect(speculate(149, { leases: [open(8, 1)], idle: idle(2) }, options)).toEqual([]);
  });

  it('gives a late shard to the fastest idle worker, with the reason', () => {
    const [decision, ...more] = speculate(160, { leases: [open(8, 1)], idle: idle(2, 3) }, options);
    expect(more).toEqual([]);
    expect(decision).toEqual({
      node: 8,
      worker: 3,
      reason:
        'w3 is asked as well for node 8 of w1: 160 ms without a result where 150 ms were to be expected',
    });
  });

  it('gives the two halves of a late node to two idle workers', () => {
    const decisions = speculate(10_000, { leases: [open(2, 1)], idle: idle(2, 3, 4) }, options);
    expect(decisions.map(({ node, worker }) => [node, worker])).toEqual([
      [4, 4],
      [5, 3],
    ]);
  });

  it('gives the whole node to the one that is idle', () => {
    const decisions = speculate(10_000, { leases: [open(2, 1)], idle: idle(2) }, options);
    expect(decisions.map(({ node, worker }) => [node, worker])).toEqual([[2, 2]]);
  });

  it('serves the latest first when few are idle', () => {
    const leases = [open(8, 1, { since: 9_000 }), open(9, 2), open(10, 3, { since: 5_000 })];
    const decisions = speculate(10_000, { leases, idle: idle(4, 5) }, options);
    expect(decisions.map(({ node }) => node)).toEqual([9, 10]);
  });

  it('waits for a copy that is not late itself, and asks a third when it is', () => {
    const leases = [open(8, 1), open(8, 2, { since: 9_950 })];
    expect(speculate(10_000, { leases, idle: idle(3) }, options)).toEqual([]);
    expect(speculate(10_200, { leases, idle: idle(3) }, options)).toHaveLength(1);
    const three = [...leases, open(8, 3, { since: 9_950 })];
    expect(speculate(20_000, { leases: three, idle: idle(4) }, options)).toEqual([]);
  });

  it('is not asked for by anybody while no one is idle', () => {
    expect(speculate(10_000, { leases: [open(8, 1)], idle: [] }, options)).toEqual([]);
  });
});
