import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idleLanes } from './idle-lanes.js';

describe('advice on idle lanes', () => {
  it('is given where the workers have more lanes than a step has shards', () => {
    expect(idleLanes(32, 4, 16, 1024)).toEqual({
      shards: 4,
      lanes: 32,
      remedy: '--batch-size 512 --shards 32',
    });
    expect(idleLanes(5, 4, 32, 1024)?.remedy).toBe('--batch-size 256 --shards 8');
  });

  it('is not given where every lane has a shard, or where a step has as many as it may', () => {
    expect(idleLanes(4, 4, 16, 1024)).toBeUndefined();
    expect(idleLanes(1, 8, 16, 1024)).toBeUndefined();
    expect(idleLanes(3000, 1024, 16, 1024)).toBeUndefined();
    expect(idleLanes(3000, 512, 1, 1024)?.remedy).toBe('--batch-size 1024 --shards 1024');
  });

  it('names the smallest step that uses all lanes', () => {
    const power = fc.integer({ min: 0, max: 9 }).map((exponent) => 2 ** exponent);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1024 }), power, (lanes, shards) => {
        const advice = idleLanes(lanes, shards, 3, 1024);
        expect(advice === undefined).toBe(lanes <= shards);
        if (!advice) return;
        const [, batch, wanted] = /^--batch-size (\d+) --shards (\d+)$/.exec(advice.remedy)!.map(Number);
        expect(wanted).toBeGreaterThanOrEqual(lanes);
        expect(wanted! / 2).toBeLessThan(lanes);
        expect(batch).toBe(3 * wanted!);
      }),
    );
  });
});
