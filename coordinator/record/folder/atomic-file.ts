/**
 * Files that are whole or not there: written under a temporary name, fsynced, then renamed. Even after a
 * crash or a power loss a reader of the final name finds the old content or the new one.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { codeOf, disk } from './disk.js';

export const TEMPORARY_SUFFIX = '.tmp';
/** The mode of files that hold names of people, or secrets to join with. */
export const OWNER_ONLY = 0o600;

/** What file systems answer that have no links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];
/** What they answer that cannot fsync a folder: those that need not. */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Calls `write` with an empty file that becomes `path` once `write` has resolved. After a failure neither
 * the temporary file nor a change of `path` remains.
 * @param how flag and mode with which the temporary file is opened
 * @throws what `write` throws, and errors of the file system (disk full, no permission)
 */
export async function atomically(
  path: string,
  write: (file: FileHandle) => Promise<unknown>,
  how: { flag: string; mode?: number } = { flag: 'w' },
): Promise<void> {
  const temporary = path + TEMPORARY_SUFFIX;
  await place(temporary, write, how, () => disk.rename(temporary, path));
  await syncFolder(dirname(path));
}

/** The same for a file that must not be there yet: of several that try, one succeeds. @throws EEXIST */
export async function createAtomically(
  path: string,
  write: (file: FileHandle) => Promise<unknown>,
  mode?: number,
): Promise<void> {
  // Another that tries has a temporary file of its own.
  const temporary = `${path}.${randomUUID()}${TEMPORARY_SUFFIX}`;
  const how = { flag: 'wx', ...(mode === undefined ? {} : { mode }) };
  await place(temporary, write, how, async () => {
    try {
      await disk.link(temporary, path);
    } catch (error) {
      if (!NO_LINKS.includes(codeOf(error)) || existsSync(path)) throw error;
      return disk.rename(temporary, path);
    }
    await disk.rm(temporary, { force: true });
  });
  await syncFolder(dirname(path));
}

/** Gives a file a second name, which it takes from whatever has it; a copy where the file system has no links. */
export async function linkAtomically(from: string, to: string): Promise<void> {
  const temporary = to + TEMPORARY_SUFFIX;
  await disk.rm(temporary, { force: true });
  try {
    await disk.link(from, temporary);
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error))) throw error;
    return atomically(to, (file) =>
      pipeline(createReadStream(from), file.createWriteStream({ autoClose: false })),
    );
  }
  await disk.rename(temporary, to);
  await syncFolder(dirname(to));
}

async function place(
  temporary: string,
  write: (file: FileHandle) => Promise<unknown>,
  { flag, mode }: { flag: string; mode?: number },
  appear: () => Promise<void>,
): Promise<void> {
  const file = await disk.open(temporary, flag, mode);
  try {
    try {
      // One that was left behind may have another mode.
      if (mode !== undefined) await file.chmod(mode);
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await appear();
  } catch (error) {
    // What is told is why the file could not be written.
    await disk.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** JSON that people read, too. */
export const jsonText = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

export function writeJsonAtomically(path: string, value: unknown, mode?: number): Promise<void> {
  const how = { flag: 'w', ...(mode === undefined ? {} : { mode }) };
  return atomically(path, (file) => writeAll(file, jsonText(value)), how);
}

/** Writes all of `bytes`; one call of the system may take only a part of them. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const from = position === undefined ? null : position + at;
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, from);
    at += bytesWritten;
  }
}

/** Makes a folder, and those above it, that are there after a power loss too. */
export async function makeFolder(path: string): Promise<void> {
  let first: string | undefined;
  try {
    first = await disk.mkdir(path, { recursive: true });
  } catch (error) {
    throw await causeOf(error, path);
  }
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Node tells of a read-only file system as ENOENT where it is to make the folders above too. */
async function causeOf(error: unknown, path: string): Promise<unknown> {
  if (codeOf(error) !== 'ENOENT' || path === dirname(path)) return error;
  try {
    await disk.mkdir(path);
    return error;
  } catch (plain) {
    if (codeOf(plain) === 'ENOENT') return causeOf(error, dirname(path));
    return codeOf(plain) === 'EEXIST' ? error : plain;
  }
}

/** What a folder lists lasts only once the folder is on disk. Windows has no such call, and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await disk.open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!NO_FOLDER_SYNC.includes(codeOf(error))) throw error;
  } finally {
    await folder.close();
  }
}
