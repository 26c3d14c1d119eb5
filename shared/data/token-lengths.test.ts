import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reviews } from '../../test/support/files/reviews.js';
import { epochOrder } from '../numerics/permutation.js';
import { shardBounds } from '../numerics/tree.js';
import { bucketOf, chooseBuckets, lengthOf } from './token-lengths.js';

const padded = (lengths: readonly number[], buckets: readonly number[]): number =>
  lengths.reduce((sum, length) => sum + buckets.find((bucket) => bucket >= length)!, 0);

describe('buckets', () => {
  it('hold the longest record, ascend, and are lengths that occur', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (lengths, most) => {
          const longest = Math.max(...lengths);
          const buckets = chooseBuckets(lengths, longest, most);
          expect(buckets.length).toBeLessThanOrEqual(most);
          expect(buckets.at(-1)).toBe(longest);
          expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
          for (const bucket of buckets) expect(lengths).toContain(bucket);
        },
      ),
    );
  });

  it('pad least of all that there could be', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 8 }), { minLength: 1, maxLength: 20 }), (lengths) => {
        const sizes = [...new Set(lengths)].sort((a, b) => a - b);
        const longest = sizes.at(-1)!;
        const all = sizes.flatMap((a) => sizes.map((b) => [a, b, longest]));
        const least = Math.min(
          ...all.map((buckets) =>
            padded(
              lengths,
              buckets.sort((a, b) => a - b),
            ),
          ),
        );
        expect(padded(lengths, chooseBuckets(lengths, longest, 3))).toBe(least);
      }),
    );
  });

  it('are fewer where texts are long, since a graph of each is opened in a time that grows with its square', () => {
    const spread = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
    expect(chooseBuckets(spread(5, 60), 60)).toHaveLength(8);
    expect(chooseBuckets(spread(20, 256), 256)).toHaveLength(7);
    expect(chooseBuckets(spread(200, 400), 400)).toEqual([400]);
  });

  it('of a batch is that of its longest record, wherever padding ends', () => {
    const x = Int32Array.of(3, 4, 0, 0, 0, 5, 0, 6, 0, 0);
    expect([lengthOf(x.subarray(0, 5)), lengthOf(x.subarray(5)), lengthOf(new Int32Array(3))]).toEqual([
      2, 3, 0,
    ]);
    expect(bucketOf(x, 2, { buckets: [2, 4, 5] })).toBe(4);
    expect(bucketOf(x.subarray(0, 5), 1, { buckets: [2, 4, 5] })).toBe(2);
    expect(() => bucketOf(x, 2, { buckets: [2] })).toThrow(
      'a record of 3 tokens, and the longest bucket has 2',
    );
  });
});

describe('an epoch of texts', () => {
  it('computes at most 1.3 times the positions that its tokens are', () => {
    const lengths = reviews(2000, 5)
      .map(({ text }) => text.split(' ').length)
      .sort((a, b) => a - b);
    const records = lengths.length;
    const buckets = chooseBuckets(lengths, lengths.at(-1)!);
    const [batchSize, shards] = [128, 8];
    const shuffle = { kind: 'full' as const };
    const order = epochOrder({
      records,
      recordsPerChunk: 100,
      seed: 1,
      epoch: 0,
      shuffle,
      sortedWithin: batchSize,
    });
    let computed = 0;
    for (let from = 0; from < records; from += batchSize) {
      const batch = order.subarray(from, from + batchSize);
      const bounds = shardBounds(batch.length, shards);
      for (let shard = 0; shard < shards; shard++) {
        const own = Array.from(
          batch.subarray(bounds[shard]!, bounds[shard + 1]!),
          (index) => lengths[index]!,
        );
        computed += own.length * buckets.find((bucket) => bucket >= Math.max(...own))!;
      }
    }
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    expect(computed / tokens).toBeLessThan(1.3);
  });
});
