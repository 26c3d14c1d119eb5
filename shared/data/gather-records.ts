/** Puts records side by side that lie in the chunks of a data set, as they are stored: x of all, and y of all. */
import {
  BYTES_PER_ELEMENT,
  elementsOf,
  type Manifest,
  newRecordArray,
  type RecordArray,
  recordBytes,
} from './manifest.js';

/** @param chunkOf the bytes of a chunk that holds one of the records, by its number */
export function gatherRecords(
  manifest: Pick<Manifest, 'x' | 'y' | 'recordsPerChunk'>,
  indices: Uint32Array,
  chunkOf: (chunk: number) => Uint8Array,
): { count: number; x: RecordArray; y: RecordArray } {
  const { recordsPerChunk } = manifest;
  const length = recordBytes(manifest);
  const [xCount, yCount] = [elementsOf(manifest.x), elementsOf(manifest.y)];
  const xLength = xCount * BYTES_PER_ELEMENT[manifest.x.dtype];
  const yLength = length - xLength;
  const x = newRecordArray(manifest.x.dtype, indices.length * xCount);
  const y = newRecordArray(manifest.y.dtype, indices.length * yCount);
  const [xBytes, yBytes] = [new Uint8Array(x.buffer), new Uint8Array(y.buffer)];
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const chunk = chunkOf(Math.floor(index / recordsPerChunk));
    const at = (index % recordsPerChunk) * length;
    xBytes.set(chunk.subarray(at, at + xLength), i * xLength);
    yBytes.set(chunk.subarray(at + xLength, at + length), i * yLength);
  }
  return { count: indices.length, x, y };
}
