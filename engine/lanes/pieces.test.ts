import { describe, expect, it } from 'vitest';
import { pieceSize } from './pieces.js';

/** Rounds of shards until the last of the lanes is done with pieces of this size. */
const time = (shards: number, size: number, lanes: number) => Math.ceil(shards / size / lanes) * size;

describe('the size of a piece', () => {
  it.each([
    [8, 1, 8],
    [8, 2, 4],
    [8, 3, 1],
    [8, 4, 2],
    [4, 3, 2],
    [8, 16, 1],
    [1, 4, 1],
    [32, 5, 1],
  ])('of %i shards on %i lanes is %i', (shards, lanes, size) => {
    expect(pieceSize(shards, lanes)).toBe(size);
  });

  it('keeps no lane waiting longer than any other size would, and is the largest of those', () => {
    for (const shards of [1, 2, 4, 8, 16, 32, 64]) {
      const sizes = Array.from({ length: Math.log2(shards) + 1 }, (_, level) => 2 ** level);
      for (let lanes = 1; lanes <= 70; lanes++) {
        const least = Math.min(...sizes.map((size) => time(shards, size, lanes)));
        const best = sizes.filter((size) => time(shards, size, lanes) === least);
        expect(pieceSize(shards, lanes)).toBe(Math.max(...best));
      }
    }
  });
});
