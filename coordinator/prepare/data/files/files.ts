/** Reading data files, compressed or not. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf, UserError } from '../../../../shared/user-error.js';

const unzip = promisify(gunzip);

/** The bytes of a file, unpacked if they are gzip. @throws UserError */
export async function readDataFile(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unzip(bytes);
  } catch (error) {
    throw new UserError(`${path} is not a complete gzip file (${messageOf(error)}): fetch it again`);
  }
}

/** What is told of a file that cannot be read. */
export function unreadable(path: string, error: unknown): UserError {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return new UserError(
    missing ? `${path} is missing: check the path of --data` : `${path}: ${messageOf(error)}`,
  );
}

/** Names of the files in a folder, sorted. @throws UserError */
export async function listFolder(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`folder ${dir} is missing: check the path of --data`);
    if (code === 'ENOTDIR')
      throw new UserError(`${dir} is not a folder: --data needs the folder that holds the files`);
    throw new UserError(`${dir}: ${messageOf(error)}`);
  }
}

/** The first of `names` in `dir`, as it is or with .gz. @throws UserError naming what was looked for */
export async function findFile(dir: string, names: readonly string[]): Promise<string> {
  const present = await listFolder(dir);
  const found = names.flatMap((name) => [name, `${name}.gz`]).find((name) => present.includes(name));
  if (found) return join(dir, found);
  throw new UserError(
    `${dir} has no ${names[0]} (nor ${names[0]}.gz): put the file there, or check the path of --data`,
  );
}
