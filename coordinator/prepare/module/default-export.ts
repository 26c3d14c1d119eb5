/** What a module of the user's gives: its default export. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, UserError } from '../../../shared/user-error.js';

/** @param flag which option names it; @throws UserError where there is no such module, or it throws */
export async function defaultExportOf(flag: string, file: string): Promise<unknown> {
  const path = resolve(file);
  const { mtimeMs } = await stat(path).catch(() => {
    throw new UserError(`${file} is missing: check the path of ${flag}`, 2);
  });
  // Modules are loaded once by their address: a file that has changed has another.
  const address = `${pathToFileURL(path)}?${mtimeMs}`;
  const module = await explained(file, () => import(/* @vite-ignore */ address));
  return (module as { default?: unknown }).default;
}

/** @throws UserError that names the file, with the module's own error as its cause */
export async function explained<T>(file: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} has thrown: ${messageOf(error)} (--verbose shows where)`, 1, {
      cause: error,
    });
  }
}
