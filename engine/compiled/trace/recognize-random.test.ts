/** Random numbers are told by what they follow from, however few there are. */
import { describe, expect, it } from 'vitest';
import { drawFrom } from '../graph/random.js';
import { KnownSeeds } from './recognize-random.js';

const DRAWS = [
  { distribution: 'uniform', offset: 0, scale: 1 },
  { distribution: 'normal', offset: 0, scale: 0.3 },
  // Gaussian dropout of the rate 0.3.
  { distribution: 'normal', offset: 1, scale: Math.sqrt(0.3 / 0.7) },
] as const;

describe.each(DRAWS)('numbers of $distribution distribution, from $offset with scale $scale', (draw) => {
  it.each([2, 3, 4, 100])('are known by %i of them', (size) => {
    for (const base of [0.125, 0.25, 0.5, 0.75]) {
      const seeds = new KnownSeeds(base);
      seeds.next();
      const values = drawFrom(draw, seeds.next(), size);
      const told = JSON.stringify(seeds.explain(values, 'float32'));
      expect(JSON.parse(told)).toEqual({ ...draw, seedIndex: 1 });
    }
  });

  it('are told of as unknown where they follow from another seed', () => {
    const seeds = new KnownSeeds(0.25);
    seeds.next();
    expect(() => seeds.explain(drawFrom(draw, 0.9, 100), 'float32')).toThrow(
      /distribution that is not known/,
    );
  });
});
