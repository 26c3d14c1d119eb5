import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../test/support/refusal.js';
import { type EpochOrderOptions, epochOrder, parseShuffle, type Shuffle } from './permutation.js';
import { Random } from './random.js';

/** The order as the header of shared/numerics/permutation.ts tells it, in plain lists. */
function reference({ records, recordsPerChunk, seed, epoch, shuffle }: EpochOrderOptions): number[] {
  const upTo = (n: number) => [...Array(n).keys()];
  const shuffled = (list: number[], random: Random) => {
    for (let i = list.length - 1; i >= 1; i--) {
      const j = random.below(i + 1);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  };
  if (shuffle.kind === 'none') return upTo(records);
  if (shuffle.kind === 'full') return shuffled(upTo(records), new Random(seed, epoch, 1));
  const chunks = shuffled(upTo(Math.ceil(records / recordsPerChunk)), new Random(seed, epoch, 2));
  const order: number[] = [];
  for (let window = 0; window * shuffle.chunks < chunks.length; window++) {
    const indices = chunks
      .slice(window * shuffle.chunks, (window + 1) * shuffle.chunks)
      .flatMap((chunk) => upTo(records).filter((index) => Math.floor(index / recordsPerChunk) === chunk));
    order.push(...shuffled(indices, new Random(seed, epoch, 3, window)));
  }
  return order;
}

const shuffles = fc.oneof(
  fc.constantFrom<Shuffle>({ kind: 'none' }, { kind: 'full' }),
  fc.integer({ min: 1, max: 12 }).map((chunks): Shuffle => ({ kind: 'window', chunks })),
);
const options = fc.record({
  records: fc.integer({ min: 0, max: 200 }),
  recordsPerChunk: fc.integer({ min: 1, max: 50 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  epoch: fc.nat(1000),
  shuffle: shuffles,
});

describe('the order of an epoch', () => {
  it('has each index exactly once', () => {
    fc.assert(
      fc.property(options, (given) => {
        const order = epochOrder(given);
        expect([...order].sort((a, b) => a - b)).toEqual([...Array(given.records).keys()]);
      }),
    );
  });

  it('is the one that its description tells', () => {
    fc.assert(
      fc.property(options, (given) => {
        expect([...epochOrder(given)]).toEqual(reference(given));
      }),
    );
  });

  it('touches at most N chunks in each window of N chunks', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 6 }), (given, chunks) => {
        const { recordsPerChunk } = given;
        const order = [...epochOrder({ ...given, shuffle: { kind: 'window', chunks } })];
        const seen = new Set<number>();
        while (order.length > 0) {
          // A window ends where N chunks are used up.
          const window = new Set<number>();
          let left = 0;
          do {
            const chunk = Math.floor(order.shift()! / recordsPerChunk);
            if (!window.has(chunk)) {
              window.add(chunk);
              left += Math.min(recordsPerChunk, given.records - chunk * recordsPerChunk);
            }
            left--;
          } while (left > 0);
          expect(window.size).toBeLessThanOrEqual(chunks);
          for (const chunk of window) expect(seen.has(chunk)).toBe(false);
          for (const chunk of window) seen.add(chunk);
        }
      }),
    );
  });

  it('never changes: these values were computed by another program', () => {
    const order = (epoch: number, shuffle: Shuffle) => [
      ...epochOrder({ records: 10, recordsPerChunk: 3, seed: 1, epoch, shuffle }),
    ];
    expect(order(0, { kind: 'full' })).toEqual([1, 2, 4, 7, 6, 5, 0, 9, 8, 3]);
    expect(order(1, { kind: 'full' })).toEqual([1, 6, 9, 3, 5, 7, 4, 2, 0, 8]);
    expect(order(0, { kind: 'window', chunks: 2 })).toEqual([5, 1, 2, 3, 4, 0, 9, 7, 6, 8]);
    expect(order(0, { kind: 'window', chunks: 9 })).toEqual([2, 7, 6, 8, 1, 9, 5, 3, 0, 4]);
    expect(order(0, { kind: 'none' })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is another one for another epoch, and for another seed', () => {
    for (const shuffle of [{ kind: 'full' }, { kind: 'window', chunks: 3 }] as const) {
      const text = (seed: number, epoch: number) =>
        epochOrder({ records: 100, recordsPerChunk: 10, seed, epoch, shuffle }).join();
      const texts = [1, 2, 3].flatMap((seed) => [0, 1, 2].map((epoch) => text(seed, epoch)));
      expect(new Set(texts).size).toBe(9);
    }
  });

  it('puts every index at every place about equally often', () => {
    const [records, epochs] = [8, 8000];
    const counts = Array(records * records).fill(0);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = epochOrder({ records, recordsPerChunk: 8, seed: 1, epoch, shuffle: { kind: 'full' } });
      for (const [place, index] of order.entries()) counts[place * records + index]++;
    }
    const expected = epochs / records;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 49 degrees of freedom: 99.9 % lie below 85.4.
    expect(chiSquare).toBeLessThan(85.4);
  });
});

describe('--shuffle', () => {
  it('is none, full, or a window of chunks', () => {
    expect(parseShuffle('none')).toEqual({ kind: 'none' });
    expect(parseShuffle('full')).toEqual({ kind: 'full' });
    expect(parseShuffle('window:12')).toEqual({ kind: 'window', chunks: 12 });
  });

  it.each(['', 'half', 'window', 'window:', 'window:0', 'window:-1', 'window:1.5', 'window:1e400', 'Full'])(
    'refuses %j',
    async (text) => {
      expect(await refusalOf(() => parseShuffle(text))).toBe(
        `--shuffle must be none, full or window:N, not ${text}`,
      );
    },
  );
});
