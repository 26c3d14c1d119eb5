/**
 * Chunks of a built set as files, `chunks/ab/abcd...` by their SHA-256: read when they are asked for, so that a set may be
 * larger than memory. The operating system keeps what is read often.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { Objects } from '../source.js';

/** Where a chunk lies, below the folder or the address of its set. */
export const chunkPath = (sha256: string): string => `chunks/${sha256.slice(0, 2)}/${sha256}`;

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export class ChunkFolder implements Objects {
  /** @param known the chunks of the set: nothing else is read */
  constructor(
    private readonly dir: string,
    private readonly known: ReadonlySet<string>,
  ) {}

  /** @throws UserError where the file is gone, or another than it was */
  get(sha256: string): Buffer | undefined {
    if (!this.known.has(sha256)) return undefined;
    const path = join(this.dir, chunkPath(sha256));
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw new UserError(
        `a chunk of the built set cannot be read any more (${messageOf(error)}): ${REMEDY}`,
      );
    }
    if (hashOf(bytes) !== sha256) throw new UserError(`${path} is damaged: ${REMEDY}`);
    return bytes;
  }
}

export const REMEDY = 'build the set again (swarmgrad data build SPEC --to DIR)';

/** Where chunks are written. One that is there already, whole, is left as it is. */
export class ChunkWriter {
  constructor(private readonly dir: string) {}

  /** @returns the SHA-256. @throws errors of the file system */
  put(bytes: Buffer): string {
    const sha256 = hashOf(bytes);
    const path = join(this.dir, chunkPath(sha256));
    if (existsSync(path) && statSync(path).size === bytes.length && hashOf(readFileSync(path)) === sha256)
      return sha256;
    mkdirSync(dirname(path), { recursive: true });
    writeWhole(path, bytes);
    return sha256;
  }
}

/** So that a file is whole or not there. */
export function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}
