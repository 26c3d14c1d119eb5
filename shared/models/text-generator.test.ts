import { describe, expect, it } from 'vitest';
import { Random } from '../numerics/random.js';
import { sample } from './text-generator.js';

const probabilities = Float32Array.of(0.1, 0, 0.6, 0.3);
const DRAWS = 20_000;

function shares(temperature: number): number[] {
  const random = new Random(1);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < DRAWS; i++) counts[sample(probabilities, temperature, random)]!++;
  return counts.map((count) => count / DRAWS);
}

describe('sampling', () => {
  it.each([1, 2, 0.5])('at temperature %f draws in proportion to p^(1 / temperature)', (temperature) => {
    const powers = [...probabilities].map((p) => p ** (1 / temperature));
    const total = powers.reduce((a, b) => a + b);
    for (const [i, share] of shares(temperature).entries()) {
      // Five standard deviations of a share.
      const expected = powers[i]! / total;
      expect(Math.abs(share - expected)).toBeLessThanOrEqual(
        5 * Math.sqrt((expected * (1 - expected)) / DRAWS),
      );
    }
  });

  it('at temperature 0 takes the likeliest', () => {
    expect(shares(0)).toEqual([0, 0, 1, 0]);
  });

  it('stays finite at a temperature near 0', () => {
    expect(shares(1e-4)).toEqual([0, 0, 1, 0]);
  });
});
