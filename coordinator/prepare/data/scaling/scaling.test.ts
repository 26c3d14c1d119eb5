/** Statistics and standardizing keep every scale and every offset: held against rational arithmetic in BigInt. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaled, scalingOf } from './scaling.js';

/** A float64 as an exact multiple of 2^-1100: sums and products in BigInt lose nothing. */
const UNIT = 1100n;
function exact(value: number): bigint {
  let exponent = 0;
  let mantissa = value;
  while (!Number.isSafeInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
  }
  return BigInt(mantissa) << (UNIT - BigInt(exponent));
}

function root(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** The standardized values, from exact sums. */
function reference(values: number[]): number[] {
  const count = BigInt(values.length);
  const exacts = values.map(exact);
  const sum = exacts.reduce((a, b) => a + b, 0n);
  // Times count, so that the mean is whole.
  const deviations = exacts.map((value) => value * count - sum);
  const squares = deviations.reduce((a, b) => a + b * b, 0n);
  const std = root(squares / count);
  return deviations.map((deviation) => Number((deviation << 80n) / std) / 2 ** 80);
}

describe('standardized values', () => {
  it('are right for any scale and any offset', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 2, maxLength: 40 }),
        fc.integer({ min: -12, max: 12 }),
        fc.integer({ min: -12, max: 12 }),
        fc.constantFrom(-1, 0, 1),
        (whole, scale, offset, sign) => {
          const values = whole.map((value) => value * 10 ** (scale - 6) + sign * 10 ** offset);
          fc.pre(new Set(values).size > 1);
          const scaling = scalingOf(values);
          const expected = reference(values);
          // What float64 keeps of such values at all, in deviations.
          const kept = Math.max(...values.map(Math.abs)) / scaling.std;
          for (const [i, value] of values.entries()) {
            const error = Math.abs(scaled(value, scaling) - expected[i]!);
            expect(error).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected[i]!)) + 4e-16 * kept);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([1e-12, 1e-7, 1, 1e12, 1e30])('have mean 0 and deviation 1 at scale %s', (scale) => {
    const values = [1, 2, 3, 5, 8].map((value) => value * scale);
    const { mean, std } = scalingOf(values);
    expect(mean / scale).toBeCloseTo(3.8, 12);
    expect(std / scale).toBeCloseTo(Math.sqrt(6.16), 12);
  });

  it('of a tiny variance on a large offset are those of the variance', () => {
    const values = [0, 1, 2, 3].map((step) => 1e9 + step * 1e-3);
    const found = values.map((value) => scaled(value, scalingOf(values)));
    for (const [i, expected] of [-1.3416, -0.4472, 0.4472, 1.3416].entries())
      expect(found[i]).toBeCloseTo(expected, 3);
  });

  it.each([[[0.1, 0.1, 0.1]], [[1e300 / 1e280]], [[-7, -7]]])(
    'of %j, which never changes, are 0',
    (values) => {
      expect(values.map((value) => scaled(value, scalingOf(values)))).toEqual(values.map(() => 0));
      expect(scalingOf(values)).toEqual({ mean: values[0], std: 1 });
    },
  );
});
