import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstShard, leafCount, ROOT, shardBounds } from '../../../shared/numerics/tree.js';
import { autoShards } from './auto-shards.js';
import { plainPlan } from './fixtures/plain-planner.js';
import { type PlannedWorker, plan } from './planner.js';

const shards = 8;
const bounds = shardBounds(128, shards);
const planFor = (speeds: (number | undefined)[], uploadSeconds = 0) => {
  const workers = speeds.map((speed, at): PlannedWorker => ({ id: at + 1, speed, busy: 0 }));
  return plan(ROOT, workers, { shards, bounds, uploadSeconds });
};
const shardsOf = (cut: ReturnType<typeof plan>, worker: number) =>
  cut.filter((entry) => entry.worker === worker).reduce((sum, { node }) => sum + leafCount(shards, node), 0);

describe('the planner', () => {
  it('gives one worker the whole tree as one node', () => {
    expect(planFor([100])).toEqual([{ node: ROOT, worker: 1 }]);
  });

  it('gives two equal workers one half each', () => {
    const cut = planFor([100, 100], 0.001);
    expect(cut.map(({ node }) => node).sort()).toEqual([2, 3]);
    expect(new Set(cut.map(({ worker }) => worker)).size).toBe(2);
  });

  it('gives shards in proportion to speed where uploads cost little', () => {
    const cut = planFor([300, 100]);
    expect([shardsOf(cut, 1), shardsOf(cut, 2)]).toEqual([6, 2]);
  });

  it('gives any number of shards, in as many nodes as it has bits', () => {
    const cut = planFor([700, 100]);
    expect([shardsOf(cut, 1), shardsOf(cut, 2)]).toEqual([7, 1]);
    expect(cut).toHaveLength(4);
  });

  it('lays down the largest nodes first: so each is one of the tree', () => {
    expect(planFor([100, 100, 100])).toEqual([
      { node: 4, worker: 1 },
      { node: 5, worker: 2 },
      { node: 6, worker: 3 },
      { node: 14, worker: 1 },
      { node: 15, worker: 2 },
    ]);
  });

  it('gives less to a worker that is busy, by as much as it could have done meanwhile', () => {
    // 16 samples a shard: 0.16 s.
    const cut = (busy: number, node: number = ROOT) => {
      const workers = [1, 2].map((id) => ({ id, speed: 100, busy: id === 1 ? busy : 0 }));
      const made = plan(node, workers, { shards, bounds, uploadSeconds: 0 });
      return [1, 2].map((id) => shardsOf(made, id));
    };
    expect(cut(2 * 0.16)).toEqual([3, 5]);
    expect(cut(10)).toEqual([0, 8]);
    // As much in a part of the tree that begins later.
    expect(cut(2 * 0.16, 3)).toEqual([1, 3]);
  });

  it('plans nothing where there are no samples, and needs a worker where there are', () => {
    const workers = [{ id: 1, speed: 100, busy: 0 }];
    const empty = { shards, bounds: [0, 0, 0, 0, 0, 8, 8, 8, 8], uploadSeconds: 0 };
    expect(plan(2, workers, empty)).toEqual([]);
    expect(() => plan(ROOT, [], empty)).toThrow('a plan needs at least one worker');
  });

  it('saves uploads where they cost more than they gain', () => {
    expect(planFor([110, 100, 90], 10)).toHaveLength(3);
  });

  it('takes a newcomer for half as fast as the others: it starts small', () => {
    const cut = planFor([100, undefined]);
    expect(shardsOf(cut, 2)).toBeGreaterThan(0);
    expect(shardsOf(cut, 2)).toBeLessThan(4);
  });

  it('takes workers that are all new for equals', () => {
    const cut = planFor([undefined, undefined], 0.001);
    expect([shardsOf(cut, 1), shardsOf(cut, 2)]).toEqual([4, 4]);
  });

  it('gives one shard to whoever has computed it the soonest', () => {
    const workers: PlannedWorker[] = [
      { id: 1, speed: 100, busy: 3 },
      { id: 2, speed: 10, busy: 0 },
      { id: 3, speed: 100, busy: 1 },
      { id: 4, speed: 100, busy: 0, leaseSeconds: 4 },
    ];
    // Shards of 16 samples: done after 3.16, 1.6, 1.16 and 4.16 s.
    expect(plan(11, workers, { shards, bounds, uploadSeconds: 0 })).toEqual([{ node: 11, worker: 3 }]);
  });

  it('gives to whoever holds the fewest leases where nobody was measured', () => {
    const workers = [3, 1, 2].map((leases, at) => ({ id: at + 1, speed: undefined, busy: 0, leases }));
    expect(plan(11, workers, { shards, bounds, uploadSeconds: 0 })).toEqual([{ node: 11, worker: 2 }]);
  });

  it('covers every shard that has samples once, whatever the speeds, and returns the same plan again', () => {
    const speed = fc.oneof(
      fc.constantFrom(undefined, 1, 100),
      fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    );
    const known = fc.record({ speed, busy: fc.constantFrom(0, 0, 0.1) });
    const speeds = fc.array(known, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        speeds,
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, samples, uploadSeconds) => {
          const bounds = shardBounds(samples, shards);
          const workers = given.map((one, at): PlannedWorker => ({ id: at, ...one }));
          const cut = plan(ROOT, workers, { shards, bounds, uploadSeconds });
          const times = new Uint8Array(shards);
          for (const { node } of cut) {
            expect(Number.isInteger(node)).toBe(true);
            const first = firstShard(shards, node);
            expect(bounds[first + leafCount(shards, node)]!).toBeGreaterThan(bounds[first]!);
            for (let i = 0; i < leafCount(shards, node); i++) times[firstShard(shards, node) + i]!++;
          }
          for (const [shard, count] of times.entries()) {
            expect(count).toBeLessThanOrEqual(1);
            if (bounds[shard + 1]! > bounds[shard]!) expect(count).toBe(1);
          }
          // In whatever order they are listed.
          expect(plan(ROOT, workers.toReversed(), { shards, bounds, uploadSeconds })).toEqual(cut);
        },
      ),
    );
  });
});

describe('automatic shards', () => {
  it('give each worker one range sized by its speed, and leave no sample out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 500 }),
        (speeds, samples) => {
          const { bounds, assignments } = autoShards(
            samples,
            speeds.map((speed, id) => ({ id, speed })),
          );
          const count = bounds.length - 1;
          expect(bounds[0]).toBe(0);
          expect(bounds.at(-1)).toBe(samples);
          const leased = assignments.map(({ node }) => bounds[node - count + 1]! - bounds[node - count]!);
          expect(leased.reduce((sum, size) => sum + size, 0)).toBe(samples);
          expect(new Set(assignments.map(({ worker }) => worker)).size).toBe(assignments.length);
        },
      ),
    );
  });
});

describe('a plan for many workers', () => {
  it('is that of the plain planner, which weighs all of them at each time that it tries', () => {
    const worker = fc.record({
      speed: fc.option(
        fc.oneof(fc.constantFrom(50, 100, 100.1), fc.double({ min: 0.1, max: 1e5, noNaN: true })),
        {
          nil: undefined,
        },
      ),
      busy: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10, noNaN: true })),
      leases: fc.nat(2),
      leaseSeconds: fc.option(fc.double({ min: 1e-5, max: 3, noNaN: true }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(worker, { minLength: 1, maxLength: 60 }),
        fc.nat(8),
        fc.integer({ min: 0, max: 2000 }),
        fc.constantFrom(0, 1e-5, 0.5),
        fc.integer({ min: 1, max: 7 }),
        (drawn, level, samples, uploadSeconds, node) => {
          const count = 2 ** level;
          const options = { shards: count, bounds: shardBounds(samples, count), uploadSeconds };
          const workers = drawn.map((one, at): PlannedWorker => ({ ...one, id: at }));
          const root = Math.min(node, 2 * count - 1);
          expect(plan(root, workers, options)).toEqual(plainPlan(root, workers, options));
        },
      ),
    );
  });
});
