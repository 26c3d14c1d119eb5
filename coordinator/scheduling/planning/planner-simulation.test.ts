/**
 * Steps on a clock of the test's own: workers of unknown speed are planned, measured with noise, and planned
 * again. What a step takes is compared with the best possible aligned cut for the true speeds.
 *
 * "Best" is computed in two ways that know nothing of the planner. For small trees every aligned cut and
 * every way to give its nodes to workers is tried. For large ones a dynamic program goes over all shares
 * (how many shards each worker gets), a share of n shards costing as many leases as n has bits: fewer
 * aligned nodes cannot make n shards. The first confirms the second.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../shared/numerics/random.js';
import { childrenOf, leafCount, type Node, ROOT, shardBounds } from '../../../shared/numerics/tree.js';
import { Worker } from '../worker.js';
import { type Assignment, plan } from './planner.js';

interface Machine {
  /** Samples a second. */
  speed: number;
  /** Of each lease. */
  leaseSeconds: number;
}

const SHARD_SAMPLES = 16;

/** When the last machine is done: its leases one after the other. */
function makespan(cut: readonly Assignment[], machines: readonly Machine[], shards: number): number {
  const seconds = machines.map(() => 0);
  for (const { node, worker } of cut) {
    const { speed, leaseSeconds } = machines[worker]!;
    seconds[worker]! += leaseSeconds + (leafCount(shards, node) * SHARD_SAMPLES) / speed;
  }
  return Math.max(...seconds);
}

/** By trying everything. */
function bestOfAll(machines: readonly Machine[], shards: number): number {
  const cuts = (node: Node): Assignment[][] => {
    const whole = machines.map((_, worker) => [{ node, worker }]);
    if (leafCount(shards, node) === 1) return whole;
    const [left, right] = childrenOf(node).map(cuts) as [Assignment[][], Assignment[][]];
    return [...whole, ...left.flatMap((a) => right.map((b) => [...a, ...b]))];
  };
  return Math.min(...cuts(ROOT).map((cut) => makespan(cut, machines, shards)));
}

/** By dynamic programming over the machines and the number of shards given away so far. */
function bestOfShares(machines: readonly Machine[], shards: number): number {
  const bits = Array.from({ length: shards + 1 }, (_, n) => n.toString(2).replaceAll('0', '').length);
  let best = Array.from({ length: shards + 1 }, (_, given) => (given === 0 ? 0 : Number.POSITIVE_INFINITY));
  for (const { speed, leaseSeconds } of machines) {
    const cost = bits.map((leases, n) => leases * leaseSeconds + (n * SHARD_SAMPLES) / speed);
    best = best.map((_, given) => {
      let least = Number.POSITIVE_INFINITY;
      for (let n = 0; n <= given; n++) least = Math.min(least, Math.max(best[given - n]!, cost[n]!));
      return least;
    });
  }
  return best[shards]!;
}

const planned = (workers: readonly Worker[], shards: number) =>
  plan(
    ROOT,
    workers.map(({ id, speed, overheadMs }) => ({
      id,
      speed,
      busy: 0,
      leaseSeconds: overheadMs === undefined ? undefined : overheadMs / 1000,
    })),
    { shards, bounds: shardBounds(shards * SHARD_SAMPLES, shards), uploadSeconds: 0.001 },
  );

const machine = fc.record({
  speed: fc.double({ min: 100, max: 2000, noNaN: true }),
  leaseSeconds: fc.double({ min: 0.0005, max: 0.05, noNaN: true }),
});

describe('the planner', () => {
  it('is compared with a best cut that trying everything confirms', () => {
    fc.assert(
      fc.property(
        fc.array(machine, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1, 2, 4, 8),
        (machines, shards) => {
          expect(bestOfShares(machines, shards)).toBeCloseTo(bestOfAll(machines, shards), 10);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('finds the best aligned cut where speeds are known: 2 to 64 workers, up to 20 times apart', () => {
    fc.assert(
      fc.property(
        fc.array(machine, { minLength: 2, maxLength: 64 }),
        fc.constantFrom(8, 32, 128),
        (machines, shards) => {
          const workers = machines.map((known, id) => ({ id, busy: 0, ...known }));
          const bounds = shardBounds(shards * SHARD_SAMPLES, shards);
          const cut = plan(ROOT, workers, { shards, bounds, uploadSeconds: 0 });
          expect(makespan(cut, machines, shards)).toBeLessThanOrEqual(
            bestOfShares(machines, shards) * 1.0001,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([2, 3, 8, 30, 64])(
    'learns from noisy steps to stay within a tenth of the best: %i workers',
    (count) => {
      const shards = 256;
      for (let seed = 1; seed <= 5; seed++) {
        const random = new Random(seed, count);
        // From one to twenty times as fast, both ends always there.
        const machines = Array.from(
          { length: count },
          (_, i): Machine => ({
            speed: i === 0 ? 100 : i === 1 ? 2000 : 100 * 20 ** random.float(),
            leaseSeconds: random.between(0.002, 0.02),
          }),
        );
        const workers = machines.map((_, id) => new Worker({ id, name: `w${id}`, kind: 'node' }, 0));
        const best = bestOfShares(machines, shards);
        const learn = (id: number, shardCount: number, outlier: boolean) => {
          const samples = shardCount * SHARD_SAMPLES;
          // 2 % of noise, and now and then a hiccup of ten times the work.
          const computeMs =
            ((1000 * samples) / machines[id]!.speed) * random.between(0.98, 1.02) * (outlier ? 10 : 1);
          const overheadMs = 1000 * machines[id]!.leaseSeconds * random.between(0.98, 1.02);
          workers[id]!.measure({ samples, computeMs, turnaroundMs: computeMs + overheadMs });
        };
        const ratios: number[] = [];
        for (let step = 0; step < 40; step++) {
          const cut = planned(workers, shards);
          ratios.push(makespan(cut, machines, shards) / best);
          const busy = new Set(cut.map(({ worker }) => worker));
          const hiccup = step === 20 ? random.below(cut.length) : -1;
          for (const [at, { node, worker }] of cut.entries())
            learn(worker, leafCount(shards, node), at === hiccup);
          // Whoever got nothing is probed with one shard, as the dispatch does in time.
          for (const { id } of workers) if (!busy.has(id)) learn(id, 1, false);
        }
        expect(Math.max(...ratios.slice(5))).toBeLessThan(1.1);
      }
    },
  );

  it('gives a worker that becomes slow less, then nothing, though one slow lease alone changes nothing', () => {
    const shards = 64;
    const workers = Array.from({ length: 4 }, (_, id) => new Worker({ id, name: `w${id}`, kind: 'node' }, 0));
    const slow = [1, 1, 1, 1];
    const step = () => {
      const shares = [0, 0, 0, 0];
      for (const { node, worker } of planned(workers, shards)) {
        const samples = leafCount(shards, node) * SHARD_SAMPLES;
        shares[worker]! += leafCount(shards, node);
        const computeMs = samples * slow[worker]!;
        workers[worker]!.measure({ samples, computeMs, turnaroundMs: computeMs + 5 });
      }
      return shares[3]!;
    };
    for (let i = 0; i < 5; i++) step();
    expect(step()).toBe(16);
    slow[3] = 10;
    step();
    slow[3] = 1;
    expect(step()).toBe(16);
    slow[3] = 4;
    const shares = [step(), step(), step(), step()];
    expect(shares[3]).toBeLessThan(8);
    slow[3] = 400;
    for (let i = 0; i < 4; i++) step();
    expect(step()).toBe(0);
  });
});
