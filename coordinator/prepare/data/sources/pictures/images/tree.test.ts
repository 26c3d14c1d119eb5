import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../../../test/support/files/temporary-folder.js';
import { threadsNote } from './read.js';
import { batchesOf, openTree } from './tree.js';

const root = temporaryFolder();
const MB = 1 << 20;

it('an archive is unpacked in batches of 64 MB, and what is larger alone', () => {
  const entries = [40, 24, 1, 70, 2].map((size) => ({ name: `${size}`, size: size * MB }));
  expect(batchesOf(entries).map((batch) => batch.map(({ name }) => Number(name)))).toEqual([
    [40, 24],
    [1],
    [70],
    [2],
  ]);
  expect(batchesOf([])).toEqual([]);
});

it('paths of an archive have slashes, whatever system has made it', async () => {
  const path = join(root, 'windows.zip');
  writeFileSync(
    path,
    zipSync({ 'a\\1.png': Uint8Array.of(1), './b/2.png': Uint8Array.of(2), 'c/': new Uint8Array(0) }),
  );
  const tree = await openTree(path);
  expect([tree.paths, tree.folders]).toEqual([['a/1.png', 'b/2.png'], ['c']]);
  const found = [...tree.contents(new Set(['a/1.png', 'b/2.png']))];
  expect(await Promise.all(found.map(async ({ path, read }) => [path, ...(await read())]))).toEqual([
    ['a/1.png', 1],
    ['b/2.png', 2],
  ]);
});

it('an entry that claims to hold gigabytes is not unpacked', async () => {
  const path = join(root, 'bomb.zip');
  const bytes = Buffer.from(zipSync({ 'a/1.png': new Uint8Array(100) }));
  // The size in the central directory, which is the last record but the end.
  const entry = bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  bytes.writeUInt32LE(0xf0000000, entry + 24);
  writeFileSync(path, bytes);
  const [file] = (await openTree(path)).contents(new Set(['a/1.png']));
  await expect(file!.read()).rejects.toThrow('larger than 1 GiB');
});

it('many pictures on many processors: it is told how all of them are used', () => {
  expect(threadsNote(1000, 16, undefined)).toEqual([
    'pictures are read by 4 threads on 16 processors: with UV_THREADPOOL_SIZE=16 in the environment it takes less time',
  ]);
  expect(
    [threadsNote(999, 16, undefined), threadsNote(1000, 4, undefined), threadsNote(1000, 16, '16')].flat(),
  ).toEqual([]);
});
