/** The chunks of a built set that lies at an address, fetched once: they are known by what they hold. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import PQueue from 'p-queue';
import type { ChunkRef, Manifest } from '../../../../shared/data/manifest.js';
import type { DataSource } from '../source.js';
import { chunkPath, hashOf } from './chunk-folder.js';

/** Requests at a time. */
const AT_ONCE = 8;

type Fetch = Parameters<NonNullable<DataSource['fetchFolder']>>[0];

/** @throws UserError for the first that cannot be fetched; the others are given up */
export async function fetchChunks({ chunks }: Manifest, dir: string, fetch: Fetch): Promise<void> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  try {
    await Promise.all(chunks.map((chunk) => queue.add(() => fetchChunk(chunk, dir, fetch))));
  } finally {
    queue.clear();
  }
}

async function fetchChunk({ sha256 }: ChunkRef, dir: string, fetch: Fetch): Promise<void> {
  const path = join(dir, chunkPath(sha256));
  const there = await readFile(path).catch(() => undefined);
  if (there && hashOf(there) === sha256) return;
  if (there) await rm(path, { force: true });
  await fetch([chunkPath(sha256)]);
}
