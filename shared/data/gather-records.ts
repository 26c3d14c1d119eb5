/** Puts records side by side that lie in the chunks of a data set, as they are stored: x of all, and y of all. */
import {
  BYTES_PER_ELEMENT,
  elementsOf,
  type Manifest,
  type RecordArray,
  recordArrayOf,
  recordBytes,
} from './manifest.js';

const ALIGNMENT_BYTES = 8;

/**
 * @param chunkOf the bytes of a chunk that holds one of the records, by its number
 * @param take memory of at least so many bytes; x and y then lie in it, side by side
 */
export function gatherRecords(
  manifest: Pick<Manifest, 'x' | 'y' | 'recordsPerChunk'>,
  indices: Uint32Array,
  chunkOf: (chunk: number) => Uint8Array,
  take: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): { count: number; x: RecordArray; y: RecordArray } {
  const { recordsPerChunk } = manifest;
  const length = recordBytes(manifest);
  const xLength = elementsOf(manifest.x) * BYTES_PER_ELEMENT[manifest.x.dtype];
  const yLength = length - xLength;
  const count = indices.length;
  // Each element of y lies at a multiple of its size.
  const yFrom = Math.ceil((count * xLength) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const memory = take(yFrom + count * yLength);
  const xBytes = new Uint8Array(memory, 0, count * xLength);
  const yBytes = new Uint8Array(memory, yFrom, count * yLength);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const chunk = chunkOf(Math.floor(index / recordsPerChunk));
    const at = (index % recordsPerChunk) * length;
    xBytes.set(chunk.subarray(at, at + xLength), i * xLength);
    yBytes.set(chunk.subarray(at + xLength, at + length), i * yLength);
  }
  return { count, x: recordArrayOf(manifest.x.dtype, xBytes), y: recordArrayOf(manifest.y.dtype, yBytes) };
}
