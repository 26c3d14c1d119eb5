import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

/** In a bundle, statements follow each other without lines or blanks. */
const IMPORT =
  /(?:^|[;\n])\s*(?:import|export)\b[^'";()]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

/** Of a built module and all that it loads, what is no file of ours: packages, and modules of Node. */
async function strangersOf(url: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(url)) return [];
  seen.add(url);
  const found: string[] = [];
  for (const [, named, loaded] of (await readFile(new URL(url), 'utf8')).matchAll(IMPORT)) {
    const name = (named ?? loaded)!;
    if (name.startsWith('.')) found.push(...(await strangersOf(new URL(name, url).href, seen)));
    else found.push(name);
  }
  return found;
}

const builtEntry = (name: string) => pathToFileURL(createRequire(import.meta.url).resolve(name)).href;

it('swarmgrad/layers loads nothing of Node and no package: any page may have it', async () => {
  const seen = new Set<string>();
  expect(await strangersOf(builtEntry('swarmgrad/layers'), seen)).toEqual([]);
  expect(seen.size).toBeGreaterThan(1);
  // The same look finds what the whole library loads.
  expect(await strangersOf(builtEntry('swarmgrad'))).toEqual(expect.arrayContaining(['node:crypto', 'zod']));
});
