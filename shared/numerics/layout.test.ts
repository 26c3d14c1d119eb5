import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_ELEMENTS } from './chunk-size.js';
import { layoutOf } from './layout.js';

const weight = (name: string, shape: number[], trainable = true) => ({ name, shape, trainable });

describe('the layout of the flat vector', () => {
  it('puts one weight after the other, trainable ones first', () => {
    const layout = layoutOf([
      weight('dense/kernel', [4, 3]),
      weight('dense/bias', [3]),
      weight('scale', []),
      weight('bn/mean', [3], false),
    ]);
    expect(layout.slots.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 12],
      [12, 3],
      [15, 1],
      [16, 3],
    ]);
    expect([layout.trainable, layout.total]).toEqual([16, 19]);
  });

  it('puts what is frozen behind all that chunks hold', () => {
    const frozen = { ...weight('stem/kernel', [5], false), frozen: true as const };
    const layout = layoutOf([weight('kernel', [3]), weight('bn/mean', [2], false), frozen], 2);
    expect(layout).toMatchObject({ trainable: 3, moving: 5, total: 10, chunks: 3 });
    expect(layout.mapChunks((chunk) => layout.range(chunk)).at(-1)).toEqual({ start: 4, end: 5 });
    expect(() => layoutOf([frozen, weight('bn/mean', [2], false)])).toThrow(
      'weight bn/mean: frozen weights must come last',
    );
  });

  it('of a model without weights is empty', () => {
    expect(layoutOf([])).toMatchObject({ slots: [], trainable: 0, total: 0 });
  });

  it('refuses a trainable weight behind one that is not', () => {
    expect(() => layoutOf([weight('mean', [2], false), weight('kernel', [2])])).toThrow(
      'weight kernel: trainable weights must come first',
    );
  });
});

describe('the chunks of the flat vector', () => {
  const flat = (elements: number, chunkElements?: number, trainable = true) =>
    layoutOf([weight('weights', [elements], trainable)], chunkElements);

  it('have 512 KiB of float32 each, unless a test says otherwise', () => {
    expect(4 * CHUNK_ELEMENTS).toBe(512 * 1024);
    expect(flat(CHUNK_ELEMENTS + 1).range(0)).toEqual({ start: 0, end: CHUNK_ELEMENTS });
    expect(flat(10, 4).range(1)).toEqual({ start: 4, end: 8 });
  });

  it('cover it without gap or overlap, all of full size but the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 20 }), (elements, size) => {
        const layout = flat(elements, size);
        let at = 0;
        for (let chunk = 0; chunk < layout.chunks; chunk++) {
          const { start, end } = layout.range(chunk);
          expect(start).toBe(at);
          expect(end - start).toBeGreaterThan(0);
          if (chunk < layout.chunks - 1) expect(end - start).toBe(size);
          for (; at < end; at++) expect(layout.chunkAt(at)).toBe(chunk);
        }
        expect(at).toBe(elements);
      }),
    );
  });

  it('of an empty vector are one, which is empty', () => {
    for (const layout of [layoutOf([]), flat(0)]) {
      expect(layout.mapChunks((chunk) => layout.range(chunk))).toEqual([{ start: 0, end: 0 }]);
      expect(layout.trainableIn(0)).toBe(0);
    }
  });

  it('hold first what gradients train, and then the rest', () => {
    const layout = layoutOf([weight('kernel', [6]), weight('mean', [5], false)], 4);
    expect(layout.mapChunks((chunk) => layout.trainableIn(chunk))).toEqual([4, 2, 0]);
  });

  it('of a weight are those that it reaches into, and of one without elements that where it would stand', () => {
    const layout = layoutOf([weight('a', [4]), weight('none', [0]), weight('b', [5]), weight('c', [1])], 4);
    expect(layout.slots.map((slot) => layout.chunksOf(slot))).toEqual([[0], [1], [1, 2], [2]]);
  });
});
