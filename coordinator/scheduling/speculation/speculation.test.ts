import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafCount } from '../../../shared/numerics/tree.js';
import { expectedMs, patienceMs } from '../deadlines.js';
import type { Turnaround } from '../turnaround.js';
import { type IdleWorker, type OpenLease, speculate } from './speculation.js';

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
  shards: SHARDS,
};
const open = (node: number, worker: number, more: Partial<OpenLease> = {}): OpenLease => ({
  node,
  worker,
  name: `w${worker}`,
  samples: options.samples(node),
  since: 0,
  begunAt: more.since ?? 0,
  recent: steady,
  ...more,
});
/** Each would take 2 s for a shard. */
const patient = { overheadMs: 2000, since: 0, isTrusted: true, isDoubtful: false };
const idle = (...ids: number[]): IdleWorker[] =>
  ids.map((id) => ({ id, name: `w${id}`, speed: 1000 * id, ...patient }));

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
    expect(decision).toMatchObject({
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
    expect(speculate(12_000, { leases: three, idle: idle(4) }, options)).toEqual([]);
  });

  it('asks a fourth when it has waited twice as long for each of three as it would take itself', () => {
    const leases = [open(8, 1), open(8, 2, { since: 5_000 }), open(8, 3, { since: 9_950 })];
    expect(speculate(13_950, { leases, idle: idle(5) }, options)).toEqual([]);
    expect(speculate(13_990, { leases, idle: idle(5) }, options)).toHaveLength(1);
  });

  describe('of a lease whose worker has a history of its own making', () => {
    const endless = Array.from({ length: 32 }, () => lease(16, 1e9));
    const held = open(8, 1, { recent: endless });

    it('asks an idle worker once it has waited for twice what that one would take', () => {
      expect(speculate(4_000, { leases: [held], idle: idle(2) }, options)).toEqual([]);
      const [decision] = speculate(4_017, { leases: [held], idle: idle(2) }, options);
      expect(decision).toMatchObject({ node: 8, worker: 2, late: [{ worker: 1 }] });
    });

    it('counts the wait from when there is somebody idle', () => {
      const since = (at: number) => idle(2).map((other) => ({ ...other, since: at }));
      expect(speculate(6_000, { leases: [held], idle: since(2_000) }, options)).toEqual([]);
      expect(speculate(6_017, { leases: [held], idle: since(2_000) }, options)).toHaveLength(1);
    });

    it('does so though it sends a chunk now and then, before each of its deadlines', () => {
      const trickling = open(8, 1, { since: 4_000, begunAt: 0 });
      expect(speculate(4_017, { leases: [{ ...held, ...trickling }], idle: idle(2) }, options)).toHaveLength(
        1,
      );
      // By its own history: 150 ms without a chunk, or 300 ms in all.
      const own = { leases: [{ ...trickling, begunAt: 3_750 }], idle: idle(2) };
      expect(speculate(4_050, own, options)).toEqual([]);
      expect(speculate(4_051, own, options)).toHaveLength(1);
    });

    it('does so where nobody has a history, and once only', () => {
      const nobody = { ...options, all: [] };
      const first = [open(8, 1, { recent: [] })];
      const strangers = idle(2, 3).map((other) => ({ ...other, speed: undefined }));
      expect(speculate(5_000, { leases: first, idle: strangers }, nobody)).toEqual([]);
      expect(speculate(5_001, { leases: first, idle: strangers }, nobody)).toHaveLength(1);
      const both = [...first, open(8, 2, { recent: [], since: 5_001 })];
      expect(speculate(5_010, { leases: both, idle: strangers.slice(1) }, nobody)).toEqual([]);
      expect(speculate(10_002, { leases: both, idle: strangers.slice(1) }, nobody)).toHaveLength(1);
    });
  });

  it('asks last who has let others wait, and first who is trusted', () => {
    const [fast, trusted, doubtful] = idle(5, 3, 9);
    const others = [{ ...fast!, isTrusted: false }, trusted!, { ...doubtful!, isDoubtful: true }];
    const asked = (who: IdleWorker[]) =>
      speculate(160, { leases: [open(8, 1)], idle: who }, options)[0]?.worker;
    expect(asked(others)).toBe(3);
    expect(asked([others[0]!, others[2]!])).toBe(5);
    expect(asked([others[2]!])).toBe(9);
  });

  it('asks the fastest of equals, who was never measured last, and the one that came first of all else', () => {
    const asked = (speeds: (number | undefined)[]) => {
      const who = speeds.map((speed, at) => ({ ...idle(at + 2)[0]!, speed }));
      return speculate(160, { leases: [open(8, 1)], idle: who }, options)[0]?.worker;
    };
    expect(asked([10, 30, 20])).toBe(3);
    expect(asked([undefined, 1])).toBe(3);
    expect(asked([undefined, undefined])).toBe(2);
    expect(asked([10, 10, 10])).toBe(2);
    const [second, first] = [idle(7)[0]!, { ...idle(3)[0]!, speed: 7000 }];
    expect(speculate(160, { leases: [open(8, 1)], idle: [second, first] }, options)[0]?.worker).toBe(3);
  });

  it('tells for each half whom it asks, and what it has waited for', () => {
    const decisions = speculate(10_000, { leases: [open(2, 1)], idle: idle(2, 3) }, options);
    const waited = '10000 ms without a result where 600 ms were to be expected';
    expect(decisions.map(({ reason }) => reason)).toEqual([
      `w3 is asked as well for node 4 of w1: ${waited}`,
      `w2 is asked as well for node 5 of w1: ${waited}`,
    ]);
    // By the patience of the idle one alone, from when the worker could begin.
    const slow = Array.from({ length: 3 }, () => lease(16, 1e9));
    const leases = [open(8, 1, { recent: slow, since: 90, begunAt: 100 })];
    expect(speculate(4_200.4, { leases, idle: idle(2) }, options)[0]?.reason).toBe(
      'w2 is asked as well for node 8 of w1: 4100 ms without a result',
    );
  });

  it('gives the whole node to one where only one half has samples, or the second would be somebody doubtful', () => {
    const leftOnly = { ...options, samples: (node: number) => (node === 5 ? 0 : options.samples(node)) };
    const asked = (who: IdleWorker[], by = options) =>
      speculate(10_000, { leases: [open(2, 1)], idle: who }, by).map(({ node, worker }) => [node, worker]);
    expect(asked(idle(2, 3), leftOnly)).toEqual([[2, 3]]);
    const [sure, doubtful, other] = idle(2, 3, 4);
    expect(asked([sure!, { ...doubtful!, isDoubtful: true }])).toEqual([[2, 2]]);
    const bothDoubtful = [doubtful!, other!].map((one) => ({ ...one, isDoubtful: true }));
    expect(asked(bothDoubtful)).toEqual([
      [4, 4],
      [5, 3],
    ]);
  });

  it('asks once for leases of which one is under the other, and for each that is beside them', () => {
    const leases = [open(2, 1), open(4, 2, { since: 1_000 }), open(3, 3, { since: 2_000 })];
    const decisions = speculate(20_000, { leases, idle: idle(5, 6, 7, 8) }, options);
    expect(decisions.map(({ node, worker }) => [node, worker])).toEqual([
      [4, 8],
      [5, 7],
      [6, 6],
      [7, 5],
    ]);
    const lateOf = (at: number) => decisions[at]!.late.map(({ worker }) => worker);
    expect([lateOf(0), lateOf(1), lateOf(2)]).toEqual([[1, 2], [1, 2], [3]]);
  });

  it('asks nobody twice, and leaves what is left for the next time', () => {
    const leases = [8, 9, 10, 11].map((node, at) => open(node, at + 1, { since: at }));
    const decisions = speculate(10_000, { leases, idle: idle(5, 6) }, options);
    expect(decisions.map(({ node, worker }) => [node, worker])).toEqual([
      [8, 6],
      [9, 5],
    ]);
  });

  it('counts a lease as late that has taken twice what is allowed in all, though it goes on', () => {
    const going = (now: number) =>
      speculate(now, { leases: [open(8, 1, { since: 290, begunAt: 0 })], idle: idle(2) }, options);
    expect(going(300)).toEqual([]);
    expect(going(301)).toHaveLength(1);
  });

  it('is not asked for by anybody while no one is idle', () => {
    expect(speculate(10_000, { leases: [open(8, 1)], idle: [] }, options)).toEqual([]);
  });

  it('is late for whom it has outwaited among any number of idle ones, as one by one would tell', () => {
    const worker = fc.record({
      speed: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      since: fc.nat(9000),
    });
    fc.assert(
      fc.property(fc.array(worker, { minLength: 1, maxLength: 12 }), fc.nat(9000), (found, begunAt) => {
        const now = 10_000;
        const workers = found.map(({ speed, since }, id) => ({
          ...patient,
          id,
          name: '',
          overheadMs: 1,
          speed,
          since,
        }));
        const lease = open(8, 99, { since: now, begunAt, recent: [] });
        const isLate = workers.some(
          ({ since, ...other }) => now - Math.max(since, begunAt) > patienceMs(options.samples(8), other),
        );
        const decided = speculate(now, { leases: [lease], idle: workers }, { ...options, all: [] });
        expect(decided.length > 0).toBe(isLate);
      }),
    );
  });
});
