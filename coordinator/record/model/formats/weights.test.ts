/** Weights by name: the bytes are those of golden files that Python's own libraries read (fixtures/check-golden.py). */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../../prepare/data/arrays/npy.js';
import { unzipped } from '../../../prepare/data/files/zip.js';
import { npz } from './npz.js';
import { type NamedTensors, safetensors } from './safetensors.js';

const golden = (name: string) =>
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'fixtures', name));

const tensors: NamedTensors = {
  weights: [
    { name: 'hidden/kernel', shape: [2, 3] },
    { name: 'hidden/bias', shape: [3] },
    { name: 'scale', shape: [] },
  ],
  values: Float32Array.from({ length: 10 }, (_, i) => i / 8 - 0.25),
};

describe('weights by name', () => {
  it('as safetensors are the bytes that Python has read', () => {
    const parts = safetensors(tensors, { loss: 'huber', classes: '["a","ö"]' });
    const bytes = Buffer.concat(parts);
    expect(bytes.equals(golden('golden.safetensors'))).toBe(true);
    // Tensors begin at a multiple of 8 bytes, so that a file in memory can be used as it lies there.
    expect(parts[0].length % 8).toBe(0);
  });

  it('as npz are the bytes that numpy has read, and our own reader gives them back', () => {
    const bytes = npz(tensors, { 'metadata.json': Buffer.from('{"loss":"huber"}') });
    expect(Buffer.from(bytes).equals(golden('golden.npz'))).toBe(true);
    const files = unzipped(bytes, 'golden.npz');
    const kernel = readNpy(files.get('hidden/kernel.npy')!, 'kernel');
    expect([kernel.shape, kernel.dtype]).toEqual([[2, 3], 'float32']);
    expect([...(kernel.values as Float64Array)]).toEqual([...tensors.values.subarray(0, 6)]);
    expect(readNpy(files.get('scale.npy')!, 'scale').shape).toEqual([]);
  });
});
