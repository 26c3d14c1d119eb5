import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logLabel, logLabels, plainLabel } from './axes.js';

/** What uPlot offers as labels: 1 to 9 times each power of ten. */
function splitsOf(min: number, max: number): number[] {
  const splits: number[] = [];
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++)
    for (let digit = 1; digit <= 9; digit++) {
      const value = digit * 10 ** power;
      if (value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9)) splits.push(value);
    }
  return splits;
}

const labeled = (min: number, max: number, height: number) =>
  logLabels(splitsOf(min, max), { min, max }, height).filter((value) => value !== null);

describe('labels of a logarithmic axis', () => {
  it('leave out what lies beside the axis, which need not end at a power of ten', () => {
    const splits = [1e-4, 2e-4, 5e-4, 1e-3, 1e-2, 0.1, 1];
    expect(logLabels(splits, { min: 1.5e-4, max: 0.5 }, 190).filter((value) => value !== null)).toEqual([
      2e-4, 5e-4, 1e-3, 1e-2, 0.1,
    ]);
  });

  it.each([
    ['one decade, high', 0.1, 1, 400, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    ['one decade', 0.1, 1, 200, [0.1, 0.2, 0.5, 1]],
    ['four decades', 0.001, 10, 190, [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]],
    ['ten decades', 1e-5, 1e5, 190, [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000, 1e4, 1e5]],
    [
      'of a run that has diverged',
      1e-2,
      1e18,
      160,
      [1e-2, 1, 1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14, 1e16, 1e18],
    ],
  ])('%s', (_what, min, max, height, expected) => {
    const labels = labeled(min, max, height);
    expect(labels).toHaveLength(expected.length);
    for (const [i, label] of labels.entries()) expect(label / expected[i]!).toBeCloseTo(1, 9);
  });

  it('are round and short', () => {
    const values = [3e-9, 0.0003, 0.1, 20, 30_000, 1e6, 1.1e27];
    expect(values.map(logLabel)).toEqual(['3e-9', '0.0003', '0.1', '20', '30,000', '1e6', '1e27']);
  });

  it('never come closer than 16 pixels, over however many powers of ten', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -30, max: 5 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 60, max: 600 }),
        (low, decades, height) => {
          const [min, max] = [10 ** low, 10 ** (low + decades)];
          const labels = labeled(min, max, height);
          expect(labels.length).toBeGreaterThan(0);
          for (const [i, label] of labels.slice(1).entries())
            expect((Math.log10(label / labels[i]!) * height) / decades).toBeGreaterThan(16 - 1e-6);
        },
      ),
    );
  });
});

describe('labels of a linear axis', () => {
  it.each([
    ['whole numbers', 20, ['0', '20', '40', '60']],
    ['decimals', 0.0005, ['0.0000', '0.0005', '0.0010', '0.0015']],
    ['a rate that has almost reached 0', 2.5e-7, ['0', '2.5e-7', '5.0e-7', '7.5e-7']],
    ['quarters', 0.25, ['0.00', '0.25', '0.50', '0.75']],
    ['large numbers', 5e5, ['0', '500000', '1.0e+6', '1.5e+6']],
  ])('have as many digits as they need to differ: %s', (_what, step, expected) => {
    expect([0, 1, 2, 3].map((i) => plainLabel(i * step, step))).toEqual(expected);
  });

  it('differ, wherever the axis begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -12, max: 12 }),
        fc.constantFrom(1, 2, 2.5, 5),
        fc.integer({ min: -1000, max: 1000 }),
        (power, digit, first) => {
          const step = digit * 10 ** power;
          const labels = [0, 1, 2, 3, 4].map((i) => plainLabel((first + i) * step, step));
          expect(new Set(labels).size).toBe(5);
        },
      ),
    );
  });
});
