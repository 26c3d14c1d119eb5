import { expect, it } from 'vitest';
import { BatchMemory } from './batch-memory.js';
import { Batches } from './batches.js';
import { MemoryCache } from './object-cache.js';

it('is used again for a batch of the same size, once the one before is not read any more', async () => {
  const memory = new BatchMemory((elements) => new Float32Array(new SharedArrayBuffer(4 * elements)));
  const bytes = Uint8Array.from({ length: 4 * 7 }, (_, i) => i);
  const batches = new Batches({
    manifest: {
      format: 1,
      name: 'counted',
      split: 'train',
      records: 4,
      x: { shape: [3], dtype: 'uint8' },
      y: { shape: [], dtype: 'int32' },
      label: { kind: 'class', classes: 10 },
      normalisation: { scale: 1, mean: [], std: [] },
      recordsPerChunk: 4,
      chunks: [{ sha256: 'a', records: 4, bytes: bytes.length }],
    },
    fetchObject: async () => bytes,
    cache: new MemoryCache(0),
    sha256: async () => 'a',
  });
  const of = (...indices: number[]) => batches.assemble(Uint32Array.from(indices), memory.take);
  const [first, second] = [await of(0, 2), await of(1, 3)];
  expect([...first.x, ...second.x]).toEqual([0, 1, 2, 14, 15, 16, 7, 8, 9, 21, 22, 23]);
  expect(first.y).toEqual(Int32Array.of(0x06050403, 0x14131211));
  expect(first.x.buffer).not.toBe(second.x.buffer);
  memory.give([first]);
  const third = await of(3, 1);
  expect(third.x.buffer).toBe(first.x.buffer);
  expect([...third.x]).toEqual([21, 22, 23, 7, 8, 9]);
  expect((await of(0, 1)).x.buffer).not.toBe(third.x.buffer);
});

it('keeps no memory that it has not lent', () => {
  const memory = new BatchMemory((elements) => new Float32Array(elements));
  const x = new Float32Array(2);
  memory.give([{ count: 1, x, y: new Uint8Array(0) }]);
  expect(memory.take(8)).not.toBe(x.buffer);
});
