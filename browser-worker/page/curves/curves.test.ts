import { describe, expect, it } from 'vitest';
import { smoothed, smoothedOnLog } from './curves.js';

describe('smoothing', () => {
  it('is a moving average that begins unbiased', () => {
    const [a, b, c] = [4, 2, 8];
    const amount = 0.5;
    const expected = [4, (0.25 * a + 0.5 * b) / 0.75, (0.125 * a + 0.25 * b + 0.5 * c) / 0.875];
    for (const [i, value] of smoothed([a, b, c], amount).entries())
      expect(value).toBeCloseTo(expected[i]!, 12);
  });

  it('leaves values alone where none is asked for', () => {
    expect([smoothed([3, 1], 0), smoothedOnLog([3, 1], 0)]).toEqual([
      [3, 1],
      [3, 1],
    ]);
  });

  it('comes down from a spike on a logarithmic axis as fast as on a linear one', () => {
    const losses = [...new Array<number>(20).fill(1000), 1e13, ...new Array<number>(20).fill(1000)];
    // Ten steps later 0.6 ** 10 of ten decades are left.
    const line = smoothedOnLog(losses, 0.6);
    expect(Math.log10(line[20]!)).toBeCloseTo(3 + 10 * 0.4, 3);
    expect(Math.log10(line[30]!)).toBeCloseTo(3 + 10 * 0.4 * 0.6 ** 10, 3);
    // What a logarithmic axis would show of the average of the values: hardly any return.
    expect(smoothed(losses, 0.6)[30]!).toBeGreaterThan(1e10);
  });

  it('passes over what has no logarithm', () => {
    const line = smoothedOnLog([1, 0, -1, Number.NaN, 1], 0.5);
    expect(line.map((value) => value > 0)).toEqual([true, false, false, false, true]);
    expect(line.at(-1)).toBe(1);
  });
});
