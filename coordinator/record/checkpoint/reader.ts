/** Reads checkpoints: the newest that is whole. No file is believed before its checksum. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { stepOfName } from '../folder/run-folder.js';
import {
  type CheckpointState,
  DamagedCheckpoint,
  DIGEST_BYTES,
  decodeHeader,
  PREFIX_BYTES,
  readPrefix,
} from './format.js';

const READ_BYTES = 1 << 20;

export interface Checkpoint {
  path: string;
  state: CheckpointState;
  sections: Map<string, Float32Array>;
}

/**
 * The newest checkpoint that is whole; each damaged one before it is told to `warn`.
 * @returns undefined if there is none at all
 * @throws UserError if there are some and all are damaged
 */
export async function readLatest(dir: string, warn: (text: string) => void): Promise<Checkpoint | undefined> {
  const found = await listCheckpoints(dir);
  for (const { path } of found) {
    try {
      return await readCheckpoint(path);
    } catch (error) {
      warn(`DAMAGED CHECKPOINT ${path}: it ${messageOf(error)}; the one before it is used`);
    }
  }
  if (found.length === 0) return undefined;
  throw new UserError(
    `${dir}: none of its ${found.length} checkpoints can be read; start anew in another --run-dir`,
  );
}

/** @throws DamagedCheckpoint with the reason */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await read(path, file);
  } catch (error) {
    if (error instanceof DamagedCheckpoint) throw error;
    throw new DamagedCheckpoint(`cannot be read (${messageOf(error)})`);
  } finally {
    await file?.close();
  }
}

async function read(path: string, file: FileHandle): Promise<Checkpoint> {
  const { size } = await file.stat();
  if (size < PREFIX_BYTES + DIGEST_BYTES) throw new DamagedCheckpoint(`is truncated (${size} bytes)`);
  const hash = createHash('sha256');
  let position = 0;
  const fill = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(READ_BYTES, bytes.length - at), position);
      if (bytesRead === 0) throw new DamagedCheckpoint('is truncated');
      at += bytesRead;
      position += bytesRead;
    }
    return bytes;
  };
  const hashed = async <B extends Uint8Array>(bytes: B) => {
    await fill(bytes);
    hash.update(bytes);
    return bytes;
  };

  const prefix = await hashed(Buffer.alloc(PREFIX_BYTES));
  const { state, sections: table } = decodeHeader(await hashed(Buffer.alloc(readPrefix(prefix, size))), size);
  const sections = new Map<string, Float32Array>();
  for (const { name, elements } of table) {
    const values = new Float32Array(elements);
    await hashed(new Uint8Array(values.buffer));
    sections.set(name, values);
  }
  const digest = await fill(new Uint8Array(DIGEST_BYTES));
  if (!hash.digest().equals(digest)) throw new DamagedCheckpoint('has a wrong checksum');
  return { path, state, sections };
}

/** Newest first. A folder that does not exist has none. */
export async function listCheckpoints(dir: string): Promise<{ step: number; path: string }[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UserError(`checkpoints cannot be read: ${messageOf(error)}`);
  });
  return names
    .flatMap((name) => {
      const step = stepOfName(name);
      return step === undefined ? [] : [{ step, path: join(dir, name) }];
    })
    .sort((a, b) => b.step - a.step);
}
