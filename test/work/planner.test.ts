import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autoShards } from '../../coordinator/work/auto-shards.js';
import { type PlannedWorker, plan } from '../../coordinator/work/planner.js';
import { firstShard, leafCount, ROOT, shardBounds } from '../../shared/tree.js';

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

  it('covers every shard that has samples once, whatever the speeds, and returns the same plan again', () => {
    const speeds = fc.array(fc.option(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { nil: undefined }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        speeds,
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, samples, uploadSeconds) => {
          const bounds = shardBounds(samples, shards);
          const workers = given.map((speed, at): PlannedWorker => ({ id: at, speed, busy: 0 }));
          const cut = plan(ROOT, workers, { shards, bounds, uploadSeconds });
          const times = new Uint8Array(shards);
          for (const { node } of cut) {
            for (let i = 0; i < leafCount(shards, node); i++) times[firstShard(shards, node) + i]!++;
          }
          for (const [shard, count] of times.entries()) {
            expect(count).toBeLessThanOrEqual(1);
            if (bounds[shard + 1]! > bounds[shard]!) expect(count).toBe(1);
          }
          expect(plan(ROOT, workers, { shards, bounds, uploadSeconds })).toEqual(cut);
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
