import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  childrenOf,
  defaultShards,
  firstShard,
  isLeft,
  isWithin,
  leafCount,
  nodesCovering,
  overlaps,
  parentOf,
  powerOfTwoFrom,
  ROOT,
  shardBounds,
  siblingOf,
} from './tree.js';

const shardCounts = fc.integer({ min: 0, max: 8 }).map((power) => 2 ** power);

describe('the reduction tree', () => {
  it('gives every node the shards of its children, left then right', () => {
    fc.assert(
      fc.property(shardCounts, fc.nat(), (shards, at) => {
        const node = ROOT + (at % Math.max(1, shards - 1));
        if (leafCount(shards, node) < 2) return;
        const [left, right] = childrenOf(node);
        expect(firstShard(shards, left)).toBe(firstShard(shards, node));
        expect(firstShard(shards, right)).toBe(firstShard(shards, node) + leafCount(shards, left));
        expect(leafCount(shards, left) + leafCount(shards, right)).toBe(leafCount(shards, node));
        expect(isWithin(left, node) && isWithin(right, node) && !isWithin(node, left)).toBe(true);
      }),
    );
  });

  it('lets two nodes overlap exactly where they have a shard in common', () => {
    fc.assert(
      fc.property(shardCounts, fc.nat(), fc.nat(), (shards, a, b) => {
        const [one, other] = [1 + (a % (2 * shards - 1)), 1 + (b % (2 * shards - 1))];
        const shardsOf = (node: number) =>
          Array.from({ length: leafCount(shards, node) }, (_, i) => firstShard(shards, node) + i);
        const common = shardsOf(one).some((shard) => shardsOf(other).includes(shard));
        expect(overlaps(one, other)).toBe(common);
      }),
    );
  });

  it('leads from each child to its parent, to the other child, and tells which is the left one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32_767 }), (node) => {
        const [left, right] = childrenOf(node);
        expect([parentOf(left), parentOf(right)]).toEqual([node, node]);
        expect([siblingOf(left), siblingOf(right)]).toEqual([right, left]);
        expect([isLeft(left), isLeft(right)]).toEqual([true, false]);
      }),
    );
  });

  it('has under a node those whose way up leads to it, itself included, and no others', () => {
    const node = fc.integer({ min: 1, max: 255 });
    fc.assert(
      fc.property(node, node, (below, above) => {
        const way = [];
        for (let at = below; at >= 1; at = Math.floor(at / 2)) way.push(at);
        expect(isWithin(below, above)).toBe(way.includes(above));
      }),
      { numRuns: 500 },
    );
  });

  it('covers any range by disjoint aligned nodes in order', () => {
    fc.assert(
      fc.property(shardCounts, fc.nat(), fc.nat(), (shards, a, b) => {
        const [from, to] = [a % (shards + 1), b % (shards + 1)].sort((x, y) => x - y) as [number, number];
        const covered = nodesCovering(shards, from, to).flatMap((node) => {
          const first = firstShard(shards, node);
          expect(first % leafCount(shards, node)).toBe(0);
          return Array.from({ length: leafCount(shards, node) }, (_, i) => first + i);
        });
        expect(covered).toEqual(Array.from({ length: to - from }, (_, i) => from + i));
      }),
    );
  });

  it('cuts a global batch into shards that differ by at most one sample and leave none out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), shardCounts, (samples, shards) => {
        const bounds = shardBounds(samples, shards);
        const sizes = bounds.slice(1).map((end, i) => end - bounds[i]!);
        expect(bounds[0]).toBe(0);
        expect(bounds.at(-1)).toBe(samples);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('has as many leaves as the next power of two', () => {
    expect([0, 1, 2, 3, 4, 5, 4096, 4097, 32_768].map(powerOfTwoFrom)).toEqual([
      1, 1, 2, 4, 4, 8, 4096, 8192, 32_768,
    ]);
  });

  it('takes by default the largest power of two up to 8 that leaves 16 samples a shard', () => {
    expect([1, 31, 32, 64, 127, 128, 1024].map(defaultShards)).toEqual([1, 1, 2, 4, 4, 8, 8]);
  });
});
