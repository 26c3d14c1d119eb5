import { createHash } from 'node:crypto';
import type { Manifest } from '../../../shared/data/manifest.js';

export const sha256 = async (bytes: Uint8Array): Promise<string> =>
  createHash('sha256').update(bytes).digest('hex');

/** Records of one int32 and one uint8, whose values tell their index, in chunks of `perChunk`. */
export async function chunked(records: number, perChunk: number) {
  const objects = new Map<string, Uint8Array>();
  const manifest: Manifest = {
    format: 1,
    name: 'numbered',
    split: 'train',
    records,
    x: { shape: [1], dtype: 'int32' },
    y: { shape: [], dtype: 'uint8' },
    label: { kind: 'class', classes: 256 },
    normalisation: { scale: 1, mean: [0], std: [1] },
    recordsPerChunk: perChunk,
    chunks: [],
  };
  for (let first = 0; first < records; first += perChunk) {
    const count = Math.min(perChunk, records - first);
    const bytes = new Uint8Array(5 * count);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) {
      view.setInt32(5 * i, xOf(first + i), true);
      view.setUint8(5 * i + 4, yOf(first + i));
    }
    const name = await sha256(bytes);
    objects.set(name, bytes);
    manifest.chunks.push({ sha256: name, records: count, bytes: bytes.length });
  }
  return { manifest, objects };
}

export const xOf = (index: number): number => 1_000_000 - 37 * index;
export const yOf = (index: number): number => (index * 11) % 256;
