// What a part of the build is made of, as one number: a part is built again only when that has changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function files(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => files(join(path, name)));
}

/** Nothing is built of unit tests, which stand beside what they test. */
const isBuilt = (path) => !path.endsWith('.test.ts');

export function sumOf(sources) {
  const hash = createHash('sha256');
  for (const path of sources.flatMap((name) => files(join(root, name))).filter(isBuilt)) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

const stampOf = ({ name }) => join(root, 'dist/.built', name.replaceAll(' ', '-'));

/** @returns whether the part's result is there and made of these very sources */
export function isUpToDate(part, sum = sumOf(part.sources)) {
  const stamp = stampOf(part);
  return existsSync(join(root, part.result)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sum;
}

/**
 * Runs `build` unless its result is there and made of these very sources. Says so before it does: a build takes
 * seconds.
 * @param {{ name: string, sources: string[], result: string, build: () => unknown }} part `sources` are files and
 *   folders, `result` is the file or folder that is made, all relative to the root
 */
export async function ifChanged(part) {
  const stamp = stampOf(part);
  const sum = sumOf(part.sources);
  if (isUpToDate(part, sum)) return;
  const began = performance.now();
  process.stderr.write(`building ${part.name} ... `);
  // A build that breaks off leaves no stamp of the one before.
  rmSync(stamp, { force: true });
  await part.build();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, sum);
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}
