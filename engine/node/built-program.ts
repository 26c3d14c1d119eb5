/**
 * Where the built program stands: `dist/`, whether this file runs from there, from a bundle there, or as a source beside
 * it. Threads and pages are files of the built program, since threads load JavaScript alone.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Stands in `dist/` alone: a number of the code that it was built of (scripts/parts.mjs). */
export const CODE_FILE = 'code.sha256';

/** @returns undefined where sources run that were never built */
export function builtFolder(file = fileURLToPath(import.meta.url)): string | undefined {
  const above = dirname(file);
  if (above === file) return undefined;
  return (
    [above, join(above, 'dist')].find((folder) => existsSync(join(folder, CODE_FILE))) ?? builtFolder(above)
  );
}

/**
 * The module of a thread, by its path in the program.
 *
 * @throws Error where the program is not built
 */
export function threadEntry(path: string): URL {
  const folder = builtFolder();
  if (folder === undefined) throw new Error(`${path} is not built: npm run build`);
  return pathToFileURL(join(folder, path));
}
