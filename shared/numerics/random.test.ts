import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mix, Random } from './random.js';

/** sfc32 and the hash that seeds it, in exact integers: the same definition, other arithmetic. */
const MASK = 0xffffffffn;

function referenceMix(...numbers: number[]): bigint {
  const scramble = (h: bigint) => {
    h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & MASK;
    h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & MASK;
    return h ^ (h >> 16n);
  };
  return numbers.reduce(
    (hash, number) => scramble((hash * 31n + 0x9e3779b9n + (BigInt(number) & MASK)) & MASK),
    0x9e3779b9n,
  );
}

function* reference(...seeds: number[]): Generator<number, never> {
  let [a, b, c] = [1, 2, 3].map((salt) => referenceMix(...seeds, salt)) as [bigint, bigint, bigint];
  for (let counter = 1n; ; counter++) {
    const result = (a + b + counter) & MASK;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & MASK;
    c = ((((c << 21n) | (c >> 11n)) & MASK) + result) & MASK;
    if (counter > 12n) yield Number(result);
  }
}

const seedsOf = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 5 });

describe('mix', () => {
  it('has fixed values, so that no run ever changes its order or dropout', () => {
    expect([mix(), mix(0), mix(1), mix(1, 2), mix(2, 1)]).toEqual([
      2654435769, 3086738405, 2365547593, 3717061259, 2102941839,
    ]);
  });

  it('takes each number modulo 2^32', () => {
    expect(mix(2 ** 32 + 1)).toBe(mix(1));
    expect(mix(-1)).toBe(mix(2 ** 32 - 1));
  });

  it('agrees with exact integers', () => {
    fc.assert(
      fc.property(seedsOf, (seeds) => {
        expect(mix(...seeds)).toBe(Number(referenceMix(...seeds)));
      }),
    );
  });

  it('depends on every number, on their order and on how many there are', () => {
    const seen = new Set<number>();
    for (let a = 0; a < 60; a++) for (let b = 0; b < 60; b++) seen.add(mix(a, b)).add(mix(a, b, 0));
    expect(seen.size).toBe(7200);
  });
});

describe('Random', () => {
  it('has fixed values', () => {
    const [one, three] = [new Random(1), new Random(1, 2, 3)];
    expect([1, 2, 3, 4].map(() => one.uint32())).toEqual([3139671946, 1002345327, 1631504802, 1907169985]);
    expect([1, 2, 3, 4].map(() => three.uint32())).toEqual([4224131825, 4152509051, 3878626653, 2717579668]);
    const digits = new Random(7);
    expect(Array.from({ length: 12 }, () => digits.below(10))).toEqual([2, 7, 5, 5, 8, 3, 9, 9, 3, 5, 0, 1]);
  });

  it('agrees with sfc32 in exact integers', () => {
    fc.assert(
      fc.property(seedsOf, (seeds) => {
        const random = new Random(...seeds);
        const numbers = reference(...seeds);
        for (let i = 0; i < 40; i++) expect(random.uint32()).toBe(numbers.next().value);
      }),
      { numRuns: 50 },
    );
  });

  it.each([2, 3, 10, 97])('gives numbers below %i without bias: chi-square within its 99.9 %% bound', (n) => {
    const random = new Random(11, n);
    const draws = 100_000;
    const counts = Array(n).fill(0);
    for (let i = 0; i < draws; i++) counts[random.below(n)]++;
    const expected = draws / n;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Wilson and Hilferty's approximation of the quantile.
    const k = n - 1;
    const bound = k * (1 - 2 / (9 * k) + 3.09 * Math.sqrt(2 / (9 * k))) ** 3;
    expect(chiSquare).toBeLessThan(bound * 1.02);
  });

  it('has no bias toward small numbers where n is no small part of 2^32', () => {
    // Modulo alone would give the lowest third of the range half of all draws.
    const random = new Random(5);
    const n = 3 * 2 ** 30;
    const draws = 30_000;
    let low = 0;
    for (let i = 0; i < draws; i++) {
      const number = random.below(n);
      expect(number).toBeLessThan(n);
      if (number < 2 ** 30) low++;
    }
    // Within five standard deviations.
    expect(Math.abs(low - draws / 3)).toBeLessThan(5 * Math.sqrt((draws * 2) / 9));
  });

  it('takes 1 and 2^32 as bounds', () => {
    const random = new Random(1);
    expect(random.below(1)).toBe(0);
    expect(new Random(1).below(2 ** 32)).toBe(3139671946);
  });

  it('gives floats in [0, 1) and in ranges', () => {
    const random = new Random(3);
    for (let i = 0; i < 10_000; i++) {
      const float = random.float();
      expect(float >= 0 && float < 1).toBe(true);
      const between = random.between(-2, 5);
      expect(between >= -2 && between < 5).toBe(true);
    }
  });
});
