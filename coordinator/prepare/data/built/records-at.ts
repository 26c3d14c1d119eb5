/** Some records of a set whose chunks are stored. */
import { gatherRecords } from '../../../../shared/data/gather-records.js';
import type { Manifest } from '../../../../shared/data/manifest.js';
import type { Objects, Records } from '../source.js';

/** Records `[from, to)`. */
export function recordsAt(manifest: Manifest, objects: Objects, from: number, to: number): Records {
  const indices = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  let last: { chunk: number; bytes: Buffer } | undefined;
  return gatherRecords(manifest, indices, (chunk) => {
    if (last?.chunk !== chunk) last = { chunk, bytes: objects.get(manifest.chunks[chunk]!.sha256)! };
    return last.bytes;
  });
}
