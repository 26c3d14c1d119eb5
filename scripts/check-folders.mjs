/**
 * Fails where a folder has more entries than a reader takes in at once. A test counts with what it tests, and so do
 * a style sheet and a page's parts of one name: all files with the same name up to the first dot are one entry.
 */
import { execFileSync } from 'node:child_process';
import { dirname, relative } from 'node:path';

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
process.exitCode = full.length > 0 ? 1 : 0;
