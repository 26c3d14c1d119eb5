/** Whether the chunks of a built set hold what its manifest says: once, before a run begins, a chunk at a time. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gatherRecords } from '../../../../shared/data/gather-records.js';
import { isLabel, type Manifest } from '../../../../shared/data/manifest.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import { chunkPath, hashOf, REMEDY } from './chunk-folder.js';

/**
 * Reads all of it, at the speed of the disk.
 * @param dir the folder of the set
 * @throws UserError naming the chunk that is missing, damaged, or holds what is no number or no class
 */
export async function verifyChunks(dir: string, manifest: Manifest): Promise<void> {
  const { chunks, recordsPerChunk, split } = manifest;
  // One buffer for all: a set may be larger than memory.
  const memory = Buffer.alloc(Math.max(0, ...chunks.map(({ bytes }) => bytes)) + 1);
  for (const [at, { sha256, bytes, records }] of chunks.entries()) {
    const path = join(dir, chunkPath(sha256));
    const length = await readInto(memory, path);
    if (length !== bytes || hashOf(memory.subarray(0, length)) !== sha256)
      throw new UserError(`${path} is damaged (chunk ${at} of the ${split} set): ${REMEDY}`);
    checkRecords(manifest, memory.subarray(0, length), at * recordsPerChunk, records);
  }
}

/** @returns how many bytes the file has, as far as they fit */
async function readInto(memory: Buffer, path: string): Promise<number> {
  try {
    const file = await open(path);
    try {
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(memory, length, memory.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === memory.length) return length;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UserError(`a chunk of the built set cannot be read (${messageOf(error)}): ${REMEDY}`);
  }
}

/** A hash says that these are the bytes that were meant, and not that they are any good. */
function checkRecords(manifest: Manifest, chunk: Uint8Array, first: number, count: number): void {
  const { x, y, weight } = gatherRecords(
    manifest,
    Uint32Array.from({ length: count }, (_, record) => record),
    () => chunk,
  );
  const { label, split, name } = manifest;
  const refuse = (at: number, each: number, text: string) => {
    throw new UserError(`${name}: record ${first + Math.floor(at / each)} of the ${split} set ${text}`);
  };
  const bad = x instanceof Float32Array ? x.findIndex((value) => !Number.isFinite(value)) : -1;
  if (bad >= 0) refuse(bad, x.length / count, `has a value that is no number (${x[bad]})`);
  for (let i = 0; i < y.length; i++)
    if (!isLabel(label, y[i]!)) refuse(i, y.length / count, `has label ${y[i]}, which the manifest excludes`);
  const light = weight?.findIndex((value) => !(value >= 0 && value < Infinity)) ?? -1;
  if (light >= 0) refuse(light, 1, `has weight ${weight![light]}, and weights are at least 0`);
}
