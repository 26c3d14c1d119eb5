/** What a coordinator that goes on need not build again: the same objects, to the byte, or built anew. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { buildModel } from '../../prepare/model/build-model.js';
import { type Prepared, prepare } from '../../prepare/prepare.js';
import { configure } from '../../setup/configure.js';
import { builtFile } from './built-file.js';

vi.mock(import('../../prepare/model/build-model.js'), async (original) => {
  const actual = await original();
  return { ...actual, buildModel: vi.fn(actual.buildModel) };
});

const OPTIONS = { data: 'digits?train=64&test=16', model: 'mlp:4', batchSize: 16, shards: 4, seed: 3 };
const objectsOf = ({ hashes, objectBytes }: Prepared) => ({ hashes, objectBytes });

const file = join(temporaryFolder(), 'built.jsonl');
const cache = builtFile(file);
let first: Prepared;
let kept: Buffer;
const said: string[] = [];

beforeAll(async () => {
  first = await prepare(configure(OPTIONS), OPTIONS.model, { cache, preparing: (what) => said.push(what) });
  await first.saveBuildCache();
  kept = await readFile(file);
});
beforeEach(() => writeFile(file, kept));

/** As a coordinator that goes on. @returns whether the model was built again, with the same objects for workers */
async function isBuiltAgain(options = OPTIONS): Promise<boolean> {
  vi.mocked(buildModel).mockClear();
  const again = await prepare(configure(options), first.description, { cache });
  if (options === OPTIONS) expect(objectsOf(again)).toEqual(objectsOf(first));
  await again.saveBuildCache();
  return vi.mocked(buildModel).mock.calls.length > 0;
}

describe('a coordinator that is being prepared', () => {
  it('says what takes its time, before it does it', async () => {
    expect(said).toEqual(['reading the data: digits?train=64&test=16', 'building the model: mlp:4']);
    const again: string[] = [];
    await prepare(configure(OPTIONS), first.description, { cache, preparing: (what) => again.push(what) });
    expect(again).toEqual(['reading the data: digits?train=64&test=16']);
  });
});

describe('what was built of a model', () => {
  it('is not built again by a coordinator that goes on, and is the same for its workers', async () => {
    expect(await isBuiltAgain()).toBe(false);
  });

  it.each([
    ['another seed', { seed: 4 }],
    ['other shards', { shards: 2 }],
    ['other batches', { batchSize: 24 }],
    ['other numbers of records', { data: 'digits?train=65&test=16' }],
  ])('is built again for %s, and kept instead', async (_, change) => {
    const changed = { ...OPTIONS, ...change };
    expect(await isBuiltAgain(changed)).toBe(true);
    expect(await isBuiltAgain(changed)).toBe(false);
  });

  it('counts for nothing where the file is cut short, or any bit of it is another', async () => {
    const { key } = JSON.parse(kept.toString().split('\n')[0]!);
    expect(await cache.read(key)).toBeDefined();
    const isRefused = async (damaged: Uint8Array) => {
      await writeFile(file, damaged);
      return (await cache.read(key)) === undefined;
    };
    const place = fc.nat(kept.length - 2);
    await fc.assert(fc.asyncProperty(place, (length) => isRefused(kept.subarray(0, length))));
    await fc.assert(
      // In every second case in the first line, which tells of the others.
      fc.asyncProperty(fc.oneof(place, fc.nat(200)), fc.nat(7), (at, bit) => {
        const damaged = Uint8Array.from(kept);
        damaged[at]! ^= 1 << bit;
        return isRefused(damaged);
      }),
      { numRuns: 500 },
    );
    expect(await isBuiltAgain()).toBe(true);
    expect(await isBuiltAgain()).toBe(false);
  });

  it('is built again where the file is gone', async () => {
    await rm(file);
    expect(await isBuiltAgain()).toBe(true);
  });
});
