/**
 * The file of tokens: readable by its owner alone, always whole, and changed by one process at a time. By
 * default it is `tokens.json` in the folder of the run.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { atomically, OWNER_ONLY, TEMPORARY_SUFFIX } from '../../record/folder/atomic-file.js';
import { parseTokens, type StoredToken, serializeTokens } from './tokens.js';

/** How often, and how long apart, another process that is changing the file is waited for. */
const ATTEMPTS = 40;
const RETRY_MS = 50;
/** However much goes on in the file. */
const MOST_ATTEMPTS = 400;

/** @param dir the folder of a run */
export const tokenFile = (dir: string): string => join(resolve(dir), 'tokens.json');

/** Empty where there is no file. @throws UserError */
export async function readTokens(path: string): Promise<StoredToken[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UserError(`the tokens cannot be read: ${messageOf(error)}`);
  }
  return parseTokens(text, path);
}

/**
 * Puts what `change` makes of the tokens into the file, and makes the file, and its folder, if need be.
 * @throws UserError if that cannot be done, and what `change` throws; the file is then as it was
 */
export async function changeTokens(
  path: string,
  change: (tokens: StoredToken[]) => StoredToken[],
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const lock = path + TEMPORARY_SUFFIX;
  let seen = await lookOf(lock);
  let waited = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      // The temporary file is the lock: it is there as long as somebody changes the tokens.
      const options = { flag: 'wx', mode: OWNER_ONLY };
      return await atomically(
        path,
        async (file) => file.writeFile(serializeTokens(change(await readTokens(path)))),
        options,
      );
    } catch (error) {
      if (error instanceof UserError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      // ENOENT: another took our lock for one that was left behind; nothing was changed.
      if (code !== 'EEXIST' && !(code === 'ENOENT' && waited < ATTEMPTS))
        throw new UserError(`the tokens cannot be stored: ${messageOf(error)}`);
      const now = await lookOf(lock);
      waited = now === seen ? waited + 1 : 0;
      seen = now;
      if (attempt > MOST_ATTEMPTS)
        throw new UserError(
          `the tokens are being changed by others all the time; try again, or delete ${lock}`,
        );
      // A change takes milliseconds: the same file after all this time is what a killed process left.
      if (waited >= ATTEMPTS && seen !== undefined) await takeAway(lock, seen);
      await delay(RETRY_MS);
    }
  }
}

/** Which file stands there; undefined: none. */
async function lookOf(path: string): Promise<string | undefined> {
  try {
    const { ino, birthtimeMs, mtimeMs } = await stat(path);
    return [ino, birthtimeMs, mtimeMs].join();
  } catch {
    return undefined;
  }
}

/** Should it meet a newer lock in its place, the owner of that one finds it gone, and begins again. */
async function takeAway(lock: string, look: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  try {
    if ((await lookOf(lock)) !== look) return;
    await rename(lock, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new UserError(`the tokens cannot be stored: ${messageOf(error)}`);
  }
}
