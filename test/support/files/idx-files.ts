import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The bytes of an IDX file: magic number, sizes, body. */
export function idxBytes(magic: number, sizes: number[], body: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(magic, 0);
  for (const [i, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, Uint8Array.from(body)]);
}

export const imagesBytes = (count: number, rows: number, columns: number, first = 0): Buffer =>
  idxBytes(
    2051,
    [count, rows, columns],
    Array.from({ length: count * rows * columns }, (_, i) => (first + i) % 256),
  );

export const labelsBytes = (labels: number[]): Buffer => idxBytes(2049, [labels.length], labels);

export const IDX_NAMES = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

export type IdxFiles = Record<keyof typeof IDX_NAMES, Buffer | undefined>;

/** A sound set: 5 training and 2 test images of 2 x 3 pixels, classes 0 to 3. */
export const soundIdx = (): IdxFiles => ({
  trainImages: imagesBytes(5, 2, 3),
  trainLabels: labelsBytes([3, 0, 1, 2, 3]),
  testImages: imagesBytes(2, 2, 3, 100),
  testLabels: labelsBytes([1, 2]),
});

/** Writes what is not undefined, and returns the folder. */
export function writeIdx(dir: string, files: IdxFiles, gzip = false): string {
  mkdirSync(dir, { recursive: true });
  for (const [key, bytes] of Object.entries(files)) {
    if (!bytes) continue;
    const name = IDX_NAMES[key as keyof IdxFiles];
    writeFileSync(join(dir, gzip ? `${name}.gz` : name), gzip ? gzipSync(bytes) : bytes);
  }
  return dir;
}
