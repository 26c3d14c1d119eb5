import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/support/files/chunked.js';
import { temporaryFolder } from '../../test/support/files/temporary-folder.js';
import { DiskCache } from './disk-cache.js';

const root = temporaryFolder();
let folders = 0;
const newDir = () => join(root, String(folders++), 'cache');

function open(dir: string, budgetBytes = 1000) {
  const warnings: string[] = [];
  return { cache: new DiskCache({ dir, budgetBytes, warn: (text) => warnings.push(text) }), warnings };
}

async function object(length: number, value: number) {
  const bytes = new Uint8Array(length).fill(value);
  return { name: await sha256(bytes), bytes };
}

/** Says when a file was last used, in minutes: real times would lie too close together. */
const usedAt = (dir: string, name: string, minute: number) =>
  utimesSync(join(dir, name), minute * 60, minute * 60);

describe('the cache on disk', () => {
  it('gives back what was put, also to another process later', async () => {
    const dir = newDir();
    const { name, bytes } = await object(100, 1);
    const first = open(dir);
    expect(await first.cache.get(name)).toBeUndefined();
    await first.cache.put(name, bytes);
    for (const { cache } of [first, open(dir)])
      expect(Uint8Array.from((await cache.get(name))!)).toEqual(bytes);
    expect(first.warnings).toEqual([]);
    expect(readdirSync(dir)).toEqual([name]);
  });

  it('drops a damaged file and calls it missing', async () => {
    const dir = newDir();
    const { name, bytes } = await object(100, 1);
    const { cache, warnings } = open(dir);
    for (const damaged of [bytes.map((byte, i) => (i === 50 ? byte ^ 4 : byte)), bytes.slice(1)]) {
      await cache.put(name, bytes);
      writeFileSync(join(dir, name), damaged);
      expect(await cache.get(name)).toBeUndefined();
      expect(existsSync(join(dir, name))).toBe(false);
    }
    await cache.put(name, bytes);
    expect(await cache.get(name)).toBeDefined();
    expect(warnings).toEqual([]);
  });

  it('lets the least recently used go when the budget is spent', async () => {
    const dir = newDir();
    const { cache } = open(dir, 300);
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map((value) => object(100, value)));
    for (const [minute, { name, bytes }] of [a!, b!, c!].entries()) {
      await cache.put(name, bytes);
      usedAt(dir, name, minute + 1);
    }
    // Reading counts as use: now.
    await cache.get(a!.name);
    await cache.put(d!.name, d!.bytes);
    expect(readdirSync(dir).sort()).toEqual([a!.name, c!.name, d!.name].sort());
  });

  it('leaves out what is larger than its budget', async () => {
    const dir = newDir();
    const { cache, warnings } = open(dir, 99);
    const { name, bytes } = await object(100, 1);
    await cache.put(name, bytes);
    expect(await cache.get(name)).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('brings a folder that is over the budget from earlier within it', async () => {
    const dir = newDir();
    const objects = await Promise.all([1, 2, 3, 4, 5].map((value) => object(100, value)));
    const before = open(dir, 1000);
    for (const [minute, { name, bytes }] of objects.entries()) {
      await before.cache.put(name, bytes);
      usedAt(dir, name, minute + 1);
    }
    const { name, bytes } = await object(100, 6);
    await open(dir, 250).cache.put(name, bytes);
    expect(readdirSync(dir).sort()).toEqual([objects[4]!.name, name].sort());
  });

  it('is shared by two processes: each reads what the other has put', async () => {
    const dir = newDir();
    const [one, two] = [open(dir), open(dir)];
    const objects = await Promise.all([1, 2, 3, 4].map((value) => object(50, value)));
    // Both put the same at the same time: files appear whole.
    await Promise.all(
      objects.flatMap(({ name, bytes }) => [one.cache.put(name, bytes), two.cache.put(name, bytes)]),
    );
    for (const { name, bytes } of objects) {
      expect(Uint8Array.from((await one.cache.get(name))!)).toEqual(bytes);
      expect(Uint8Array.from((await two.cache.get(name))!)).toEqual(bytes);
    }
    expect(readdirSync(dir)).toHaveLength(4);
    expect([...one.warnings, ...two.warnings]).toEqual([]);
  });

  it('touches no file that is not its own', async () => {
    const dir = newDir();
    const first = await object(100, 1);
    await open(dir).cache.put(first.name, first.bytes);
    writeFileSync(join(dir, 'README'), 'x'.repeat(5000));
    const second = await object(100, 2);
    await open(dir, 150).cache.put(second.name, second.bytes);
    expect(statSync(join(dir, 'README')).size).toBe(5000);
  });

  it('whose folder cannot be used warns once, and goes on without it', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, 'untouched');
    const { cache, warnings } = open(join(file, 'cache'));
    const { name, bytes } = await object(100, 1);
    for (let i = 0; i < 3; i++) {
      await cache.put(name, bytes);
      expect(await cache.get(name)).toBeUndefined();
    }
    expect(warnings).toEqual([
      expect.stringMatching(/^the cache .*cannot be used \(.*\): going on without it$/),
    ]);
    expect(readFileSync(file, 'utf8')).toBe('untouched');
  });
});
