/** A data set of so many records of 5 bytes, without its chunks. */
import type { Manifest } from '../../../shared/data/manifest.js';

export const manifestOf = (records: number): Manifest => ({
  ...{ format: 1, name: 'set', split: 'train', records },
  x: { shape: [1], dtype: 'uint8' },
  y: { shape: [], dtype: 'int32' },
  label: { kind: 'class', classes: 2 },
  normalisation: { scale: 1, mean: [0], std: [1] },
  recordsPerChunk: records,
  chunks: [],
});
