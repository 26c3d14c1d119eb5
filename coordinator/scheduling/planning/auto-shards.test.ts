import { describe, expect, it } from 'vitest';
import { autoShards } from './auto-shards.js';

const shardsFor = (samples: number, ...speeds: (number | undefined)[]) =>
  autoShards(
    samples,
    speeds.map((speed, at) => ({ id: at + 1, speed })),
  );

describe('automatic shards', () => {
  it('are one for one worker', () => {
    expect(shardsFor(128, 50)).toEqual({ bounds: [0, 128], assignments: [{ node: 1, worker: 1 }] });
  });

  it('are in proportion to speed', () => {
    const { bounds, assignments } = shardsFor(120, 30, 10);
    expect(bounds).toEqual([0, 90, 120]);
    expect(assignments).toEqual([
      { node: 2, worker: 1 },
      { node: 3, worker: 2 },
    ]);
  });

  it('are a power of two, the last ones empty and nobody’s', () => {
    const { bounds, assignments } = shardsFor(90, 1, 1, 1);
    expect(bounds).toEqual([0, 30, 60, 90, 90]);
    expect(assignments.map(({ node }) => node)).toEqual([4, 5, 6]);
    for (let workers = 1; workers < 20; workers++) {
      expect(Math.log2(shardsFor(100, ...Array(workers).fill(1)).bounds.length - 1) % 1).toBe(0);
    }
  });

  it('take a newcomer for average', () => {
    expect(shardsFor(90, 20, 10, undefined).bounds).toEqual([0, 40, 60, 90, 90]);
    expect(shardsFor(90, undefined, undefined).bounds).toEqual([0, 45, 90]);
  });

  it('give workers that are too slow for a sample, or too many, nothing', () => {
    expect(shardsFor(10, 1e6, 1).assignments).toEqual([{ node: 2, worker: 1 }]);
    const { bounds, assignments } = shardsFor(2, 1, 1, 1, 1, 1);
    expect(bounds.at(-1)).toBe(2);
    expect(assignments).toHaveLength(2);
  });
});
