/**
 * The file of tokens: readable by its owner alone, always whole, and changed by one process at a time. By
 * default it is `tokens.json` in the folder of the run.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '../../shared/user-error.js';
import { atomically, TEMPORARY_SUFFIX } from '../record/atomic-file.js';
import { parseTokens, type StoredToken, serializeTokens } from './tokens.js';

const OWNER_ONLY = 0o600;
/** How often, and how long apart, another process that is changing the file is waited for. */
const ATTEMPTS = 40;
const RETRY_MS = 50;

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
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new UserError(`the tokens cannot be stored: ${messageOf(error)}`);
      if (attempt === ATTEMPTS) {
        const lock = path + TEMPORARY_SUFFIX;
        throw new UserError(`the tokens are being changed by another process; if none runs, delete ${lock}`);
      }
      await delay(RETRY_MS);
    }
  }
}
