/**
 * Fails where a folder has more entries than a reader takes in at once. A test counts with what it tests, and so do
 * a style sheet and a page's parts of one name: all files with the same name up to the first dot are one entry.
 *
 * Fails too where folders of the product import each other in a circle of any length: what they need of each other stands
 * in a folder that imports none of them. A folder is its own files here, so a circle of a folder with those within it is
 * seen, which dependency-cruiser takes for one (.dependency-cruiser.folders.cjs). Taking them for one, it sees circles
 * that are none here: a/b imports c, c imports a/d.
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

/** Of each folder those that it imports, with a file that does. */
const arrows = new Map();
const product =
  /^(shared|websocket|engine|coordinator|worker|browser-worker|cli)\/(?!.*(\.test\.|\/fixtures\/)).*\.tsx?$/;
for (const file of files.split('\n').filter((path) => product.test(path))) {
  for (const [, imported] of readFileSync(file, 'utf8').matchAll(/(?:from|import|import\() *'(\.[^']*)'/g)) {
    const [from, to] = [dirname(file), dirname(join(dirname(file), imported))];
    if (from === to) continue;
    if (!arrows.has(from)) arrows.set(from, new Map());
    arrows.get(from).set(to, file);
  }
}

/** @returns the shortest way along arrows, both ends included; undefined: there is none */
function shortestWay(from, to) {
  const cameFrom = new Map([[from, undefined]]);
  for (const folder of cameFrom.keys()) {
    if (folder === to) {
      const way = [];
      for (let at = to; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
    for (const next of arrows.get(folder)?.keys() ?? []) if (!cameFrom.has(next)) cameFrom.set(next, folder);
  }
  return undefined;
}

const found = [];
for (const [from, imported] of arrows) {
  for (const to of imported.keys()) {
    const back = shortestWay(to, from);
    if (back) found.push([from, ...back]);
  }
}
// One circle is told of each knot of folders, the shortest: when it is mended, the next one is.
const tangled = new Set();
for (const circle of found.sort((a, b) => a.length - b.length)) {
  if (circle.some((folder) => tangled.has(folder))) continue;
  for (const folder of circle) tangled.add(folder);
  const way = circle.slice(1).map((to, at) => `${to}/ (${arrows.get(circle[at]).get(to)})`);
  console.error(`folders import each other in a circle: ${circle[0]}/ -> ${way.join(' -> ')}`);
}
process.exitCode = full.length + found.length > 0 ? 1 : 0;
