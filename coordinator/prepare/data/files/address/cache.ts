/**
 * Copies of files that lie at addresses, in the system's cache folder, one folder an address. A copy is asked after each
 * time, and taken where the server says that it has not changed (ETag, Last-Modified). Files appear whole, by renaming.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, UserError } from '../../../../../shared/user-error.js';
import { addressKey, joinedAddress, parsedAddress, shownAddress } from './address.js';
import { type DownloadOptions, download, megabytes, type Validators } from './download.js';
import { NotThere } from './request.js';
import { systemCacheFolder } from './system-cache.js';

/** Told beside the copy, for who asks after it. */
interface Told extends Validators {
  sha256: string;
}

export type Fetching = Pick<DownloadOptions, 'tell' | 'wait'>;

/** `SWARMGRAD_DATA_CACHE` names another folder than the system's. */
function cacheFolder(): string {
  return process.env.SWARMGRAD_DATA_CACHE || systemCacheFolder('data');
}

/** The folder of all that lies below an address. */
export const folderOf = (address: string): string => join(cacheFolder(), addressKey(address));

/** @returns the path of a copy, which has the name that the address ends in. @throws UserError */
export async function fetchedFile(address: string, fetching: Fetching): Promise<string> {
  const name = safeName(decodeURIComponent(basename(parsedAddress(address).pathname)));
  const path = join(folderOf(address), name);
  try {
    await fetchTo(address, path, fetching);
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    throw new UserError(
      `${shownAddress(address)} answers ${error.status}: there is no such file, or it may not be read; check the address`,
    );
  }
  return path;
}

/** A path must end in a name, and in none that means something to a file system. */
const safeName = (name: string): string => name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'file';

/**
 * The first of `names` below an address that the server has, as a copy in `folderOf(address)`.
 * @returns undefined where it has none and `isOptional`
 * @throws UserError
 */
export async function fetchedFrom(
  address: string,
  names: readonly string[],
  fetching: Fetching,
  isOptional = false,
): Promise<string | undefined> {
  const answers: string[] = [];
  for (const name of names) {
    const path = join(folderOf(address), name);
    try {
      await fetchTo(joinedAddress(address, name), path, fetching);
      // Copies of what the server had under the other names are not the data any more.
      for (const other of names)
        if (other !== name) await rm(join(folderOf(address), other), { force: true });
      return path;
    } catch (error) {
      if (!(error instanceof NotThere)) throw error;
      // A copy of what was there is no longer the data.
      await rm(path, { force: true });
      answers.push(`${name}: ${error.status}`);
    }
  }
  if (isOptional) return undefined;
  throw new UserError(
    `${shownAddress(address)} has no ${names[0]} (answers: ${answers.join(', ')}): check the address`,
  );
}

async function fetchTo(address: string, path: string, { tell, wait }: Fetching): Promise<void> {
  const about = join(dirname(path), '.about', `${basename(path)}.json`);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(about), { recursive: true });
    const known = await knownCopy(path, about);
    const got = await download({ address, to: temporary, known, tell, wait });
    if (got.isUnchanged) return;
    const { bytes, ...validators } = got;
    const told: Told = { ...validators, sha256: await fileHash(temporary) };
    tell?.(`fetched ${shownAddress(address)}: ${megabytes(bytes)}, kept in ${dirname(path)}`);
    await rename(temporary, path);
    await writeFile(`${temporary}.json`, JSON.stringify(told));
    await rename(`${temporary}.json`, about);
  } catch (error) {
    if (error instanceof UserError || error instanceof NotThere) throw error;
    throw new UserError(
      `${shownAddress(address)} cannot be kept in ${dirname(path)}: ${messageOf(error)}; SWARMGRAD_DATA_CACHE names another folder`,
    );
  } finally {
    // What is told is why it could not be fetched.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** What is told of a copy that is still what it was. */
async function knownCopy(path: string, about: string): Promise<Validators | undefined> {
  try {
    const { etag, lastModified, sha256 }: Told = JSON.parse(await readFile(about, 'utf8'));
    return (await fileHash(path)) === sha256 ? { etag, lastModified } : undefined;
  } catch {
    return undefined;
  }
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}
