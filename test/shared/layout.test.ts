import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_ELEMENTS } from '../../shared/chunk-size.js';
import { chunkCount, chunkRange, layoutOf } from '../../shared/layout.js';

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

  it('of a model without weights is empty', () => {
    expect(layoutOf([])).toEqual({ slots: [], trainable: 0, total: 0 });
  });

  it('refuses a trainable weight behind one that is not', () => {
    expect(() => layoutOf([weight('mean', [2], false), weight('kernel', [2])])).toThrow(
      'weight kernel: trainable weights must come first',
    );
  });
});

describe('the chunks of the flat vector', () => {
  it('have 512 KiB of float32 each', () => {
    expect(4 * CHUNK_ELEMENTS).toBe(512 * 1024);
  });

  it('cover it without gap or overlap, all of full size but the last', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 1, max: 10 * CHUNK_ELEMENTS }),
      fc.integer({ min: 1, max: 10 }).map((chunks) => chunks * CHUNK_ELEMENTS),
    );
    fc.assert(
      fc.property(sizes, (elements) => {
        let at = 0;
        for (let chunk = 0; chunk < chunkCount(elements); chunk++) {
          const { start, end } = chunkRange(elements, chunk);
          expect(start).toBe(at);
          expect(end - start).toBeGreaterThan(0);
          if (chunk < chunkCount(elements) - 1) expect(end - start).toBe(CHUNK_ELEMENTS);
          at = end;
        }
        expect(at).toBe(elements);
      }),
    );
  });

  it('of an empty vector are one, which is empty', () => {
    expect(chunkCount(0)).toBe(1);
    expect(chunkRange(0, 0)).toEqual({ start: 0, end: 0 });
  });
});
