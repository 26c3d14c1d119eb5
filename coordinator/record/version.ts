/** This program's version, as its package.json says: beside the sources, or one folder above `dist`. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const VERSION = versionAbove(dirname(fileURLToPath(import.meta.url)));

function versionAbove(dir: string): string {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')).version;
  } catch (error) {
    if (dirname(dir) === dir) throw error;
    return versionAbove(dirname(dir));
  }
}
