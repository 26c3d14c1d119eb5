/**
 * Files that are whole or not there: written under a temporary name, fsynced, then renamed. Whoever reads
 * the final name, even after a crash or a power loss, finds the old content or the new one.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export const TEMPORARY_SUFFIX = '.tmp';

/**
 * Calls `write` with an empty file that becomes `path` once `write` has resolved. After a failure neither
 * the temporary file nor a change of `path` remains.
 * @param how flag and mode with which the temporary file is opened
 * @throws what `write` throws, and errors of the file system (disk full, no permission)
 */
export async function atomically(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  how: { flag: string; mode?: number } = { flag: 'w' },
): Promise<void> {
  const temporary = path + TEMPORARY_SUFFIX;
  const file = await open(temporary, how.flag, how.mode);
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

export function writeJsonAtomically(path: string, value: unknown): Promise<void> {
  return atomically(path, (file) => file.writeFile(`${JSON.stringify(value, null, 2)}\n`));
}

/** Writes all of `bytes`; one call of the system may take only a part of them. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const from = position === undefined ? null : position + at;
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, from);
    at += bytesWritten;
  }
}

/** A rename lasts only once its folder is on disk. Windows has no such call, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
