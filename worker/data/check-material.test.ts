/** What a hostile coordinator serves: a worker makes nothing of it. */
import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../shared/data/check-manifest.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { checkDescription, checkProbe, checkProgram, checkShard } from './check-material.js';

const sha256 = 'a'.repeat(64);
const manifest = (changes: Partial<Manifest> = {}): unknown => ({
  format: 1,
  name: 'digits',
  split: 'train',
  records: 25,
  x: { shape: [2, 2], dtype: 'uint8' },
  y: { shape: [], dtype: 'int32' },
  label: { kind: 'class', classes: 10 },
  normalisation: { scale: 1, mean: [0], std: [1] },
  recordsPerChunk: 10,
  chunks: [10, 10, 5].map((records) => ({ sha256, records, bytes: records * 8 })),
  ...changes,
});
const model = (shape: number[]) => ({
  ...{ format: 1, name: 'm', topology: {}, loss: 'x', inputShape: [2], outputShape: [2], layers: [] },
  weights: [{ name: 'w', shape, trainable: true }],
});

describe('a worker', () => {
  it('takes what is whole', () => {
    expect(checkManifest(manifest())).toEqual(manifest());
    expect(checkDescription(model([1000, 1000]))).toEqual(model([1000, 1000]));
    expect(checkProgram({ format: 1, graphs: {} })).toBeDefined();
    expect(checkProbe({ format: 1, weightsSeed: 1, cases: [] })).toBeDefined();
  });

  it.each<[string, Partial<Manifest>, RegExp]>([
    ['more records than memory', { records: 2 ** 40 }, /manifest: records/],
    ['records that no chunk holds', { records: 60_000_000 }, /3 chunks for 60000000 records/],
    [
      'more in all than a coordinator has',
      { records: 60_000_000, x: { shape: [2 ** 13], dtype: 'uint8' } },
      /more than 274877906944 in all/,
    ],
    ['a negative number', { records: -1 }, /manifest: records/],
    ['half a record', { recordsPerChunk: 1.5 }, /manifest: recordsPerChunk/],
    ['records of a terabyte', { x: { shape: [2 ** 20, 2 ** 20], dtype: 'float32' } }, /records of \d+ bytes/],
    [
      'a hash that is a path',
      { chunks: [{ sha256: '../../etc/passwd', records: 25, bytes: 200 }] },
      /chunks\.0\.sha256/,
    ],
    [
      'chunks that hold something else',
      { chunks: [10, 10, 5].map((records) => ({ sha256, records, bytes: 7 })) },
      /chunk 0 should hold 10 records of 8 bytes/,
    ],
    ['an unknown type', { x: { shape: [4], dtype: 'float64' as never } }, /x\.dtype/],
    ['numbers that are none', { normalisation: { scale: 1, mean: [null as never], std: [1] } }, /mean\.0/],
  ])('refuses a manifest with %s', (_what, changes, words) => {
    expect(() => checkManifest(manifest(changes))).toThrow(words);
  });

  it('refuses a model, a probe, a program and a shard that are too much or none', () => {
    expect(() => checkDescription(model([2 ** 20, 2 ** 20]))).toThrow(/more than 536870912/);
    expect(() => checkDescription(model([-5]))).toThrow(/weights\.0\.shape/);
    expect(() => checkDescription([])).toThrow(/^model: all of it/);
    expect(() => checkProbe({ format: 1, weightsSeed: 1, cases: [{ count: 1e9 }] })).toThrow(/probe: cases/);
    expect(() => checkProgram({ format: 2, graphs: {} })).toThrow(/program: format/);
    const graph = {
      values: [{ constant: [1], shape: [30_000, 10_000], dtype: 'float32' }],
      nodes: [],
      outputs: [],
    };
    expect(() => checkProgram({ format: 1, graphs: { 'gradient:16': graph } })).toThrow(
      /program: gradient:16: a value of 300000000/,
    );
    expect(() => checkShard(manifest() as Manifest, 4e9)).toThrow(/would take 32000000000 bytes/);
  });
});
