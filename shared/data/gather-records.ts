/**
 * Puts records side by side that lie in the chunks of a data set, as they are stored: x of all, y of all, and the
 * weights of all, where records have some.
 */
import {
  BYTES_PER_ELEMENT,
  elementsOf,
  type Manifest,
  type RecordArray,
  recordArrayOf,
  recordBytes,
  WEIGHT_BYTES,
} from './manifest.js';

const ALIGNMENT_BYTES = 8;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;

/**
 * @param chunkOf the bytes of a chunk that holds one of the records, by its number
 * @param take memory of at least so many bytes; all of it then lies in there, side by side
 */
export function gatherRecords(
  manifest: Pick<Manifest, 'x' | 'y' | 'weighted' | 'recordsPerChunk'>,
  indices: Uint32Array,
  chunkOf: (chunk: number) => Uint8Array,
  take: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): { count: number; x: RecordArray; y: RecordArray; weight?: Float32Array } {
  const { recordsPerChunk, weighted } = manifest;
  const length = recordBytes(manifest);
  const xLength = elementsOf(manifest.x) * BYTES_PER_ELEMENT[manifest.x.dtype];
  const yLength = elementsOf(manifest.y) * BYTES_PER_ELEMENT[manifest.y.dtype];
  const weightLength = weighted ? WEIGHT_BYTES : 0;
  const count = indices.length;
  // Each element of y lies at a multiple of its size.
  const yFrom = aligned(count * xLength);
  const weightFrom = weighted ? aligned(yFrom + count * yLength) : yFrom + count * yLength;
  const memory = take(weightFrom + count * weightLength);
  const xBytes = new Uint8Array(memory, 0, count * xLength);
  const yBytes = new Uint8Array(memory, yFrom, count * yLength);
  const weightBytes = new Uint8Array(memory, weightFrom, count * weightLength);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const chunk = chunkOf(Math.floor(index / recordsPerChunk));
    const at = (index % recordsPerChunk) * length;
    xBytes.set(chunk.subarray(at, at + xLength), i * xLength);
    yBytes.set(chunk.subarray(at + xLength, at + xLength + yLength), i * yLength);
    if (weighted) weightBytes.set(chunk.subarray(at + xLength + yLength, at + length), i * weightLength);
  }
  return {
    count,
    x: recordArrayOf(manifest.x.dtype, xBytes),
    y: recordArrayOf(manifest.y.dtype, yBytes),
    ...(weighted ? { weight: recordArrayOf('float32', weightBytes) as Float32Array } : {}),
  };
}
