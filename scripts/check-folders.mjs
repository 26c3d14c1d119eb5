/**
 * Fails where a folder has more entries than a reader takes in at once. A test counts with what it tests, and so do
 * a style sheet and a page's parts of one name: all files with the same name up to the first dot are one entry.
 *
 * Fails too where two folders of the product import each other, a folder and one within it included, which
 * dependency-cruiser takes for one: what both need stands in a folder that imports neither.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const MOST = 12;
/** The coordinator's eleven rooms stand beside the options that all of them are made from, and start.ts. */
const MOST_IN = { coordinator: 13 };
/** Folders that are written for people to read one by one, and what a tool lays out. */
const FREE = /^(docs|\.|[^/]*fixtures)(\/|$)|\/fixtures(\/|$)/;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
const entries = new Map();
for (const file of new Set(files.split('\n').filter(Boolean))) {
  for (let path = file; dirname(path) !== '.'; path = dirname(path)) {
    const folder = dirname(path);
    if (!entries.has(folder)) entries.set(folder, new Set());
    entries.get(folder).add(relative(folder, path).split('.')[0]);
  }
}
const full = [...entries].filter(
  ([folder, names]) => !FREE.test(folder) && names.size > (MOST_IN[folder] ?? MOST),
);
for (const [folder, names] of full.sort())
  console.error(`${folder}/ has ${names.size} entries, more than ${MOST}: ${[...names].sort().join(' ')}`);

const arrows = new Map();
const product =
  /^(shared|websocket|engine|coordinator|worker|browser-worker|cli)\/(?!.*(\.test\.|\/fixtures\/)).*\.tsx?$/;
for (const file of files.split('\n').filter((path) => product.test(path))) {
  for (const [, imported] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() *'(\.[^']*)'/g)) {
    const [from, to] = [dirname(file), dirname(join(dirname(file), imported))];
    if (from !== to) arrows.set(`${from} ${to}`, file);
  }
}
const circles = [...arrows].filter(([arrow, file]) => {
  const [from, to] = arrow.split(' ');
  const back = arrows.get(`${to} ${from}`);
  if (back && from < to)
    console.error(`${from}/ and ${to}/ import each other, for example by ${file} and ${back}`);
  return back !== undefined;
});
process.exitCode = full.length + circles.length > 0 ? 1 : 0;
