import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest, RecordArray } from '../../../../shared/data/manifest.js';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { headOf } from '../../model/topology/reference.js';
import type { DataSet, Reader } from '../source.js';
import { openData } from '../sources/sources.js';
import { withValidation } from '../split/validation.js';
import { contentHash, ObjectStore, storeSplit } from '../store.js';
import { chunkPath, hashOf } from './chunk-folder.js';
import { writeBuilt } from './write-built.js';

const root = temporaryFolder();
let folders = 0;
const newDir = () => join(root, String(folders++));

async function build(spec: string, reader?: Reader): Promise<string> {
  const dir = newDir();
  writeBuilt(await openData(spec, reader), dir);
  return dir;
}
const table = join(root, 'table.csv');
writeFileSync(
  table,
  Array.from({ length: 50 }, (_, i) => `${i},${i * i},${i % 2 ? 'odd' : 'even'}\n`).join(''),
);

const manifestOf = (dir: string, split: string): Manifest =>
  JSON.parse(readFileSync(join(dir, `${split}.json`), 'utf8'));
function changed(dir: string, change: (manifest: Manifest) => void): string {
  const copy = newDir();
  cpSync(dir, copy, { recursive: true });
  for (const split of ['train', 'test']) {
    const manifest = manifestOf(copy, split);
    change(manifest);
    writeFileSync(join(copy, `${split}.json`), JSON.stringify(manifest));
  }
  return copy;
}
/** The first chunk of the training set with other bytes, under the hash of what it holds. */
function poisoned(dir: string, poison: (bytes: Buffer, manifest: Manifest) => void): string {
  return changed(dir, (manifest) => {
    if (manifest.split === 'test') return;
    const chunk = manifest.chunks[0]!;
    const bytes = readFileSync(join(dir, chunkPath(chunk.sha256)));
    poison(bytes, manifest);
    chunk.sha256 = hashOf(bytes);
    const path = join(root, String(folders - 1), chunkPath(chunk.sha256));
    cpSync(join(dir, 'train.json'), path);
    writeFileSync(path, bytes);
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: RecordArray) =>
  new Uint8Array(buffer, byteOffset, byteLength);

describe('a built set', () => {
  it.each([
    ['digits?train=3000&test=300'],
    [`csv:${table}?test=0.2`],
    [`csv:${table}?label=1&drop=2&task=regression`],
  ])('has the objects and the content hashes of %s itself', async (spec) => {
    const source = await openData(spec);
    const built = await openData(`built:${await build(spec)}`);
    const [memory, folder] = [new ObjectStore(), new ObjectStore(built.stored!.objects)];
    for (const split of ['train', 'test'] as const) {
      const [wanted, found] = [storeSplit(memory, source, split), storeSplit(folder, built, split)];
      expect(contentHash(found)).toBe(contentHash(wanted));
      for (const { sha256 } of wanted.chunks)
        expect(folder.get(sha256)!.equals(memory.get(sha256)!)).toBe(true);
      expect(built[split].count).toBe(source[split].count);
      for (const part of ['x', 'y'] as const)
        expect(hashOf(bytesOf(built[split][part]))).toBe(hashOf(bytesOf(source[split][part])));
    }
    expect({ ...headOf(built), name: '' }).toEqual({ ...headOf(source), name: '' });
  });

  it('tells where it was built from, and nothing of the folders there', async () => {
    const dir = await build(`csv:${table}`);
    expect(manifestOf(dir, 'train').name).toBe('csv:table.csv');
    expect((await openData(`built:${dir}`)).notes).toEqual([`${dir} was built from csv:table.csv`]);
  });

  it('of which the build was broken off is built on, and one that is whole is left alone', async () => {
    const dir = await build('digits?train=3000&test=300');
    const before = manifestOf(dir, 'train');
    rmSync(join(dir, 'train.json'));
    const [first, second] = before.chunks;
    rmSync(join(dir, chunkPath(first!.sha256)));
    writeFileSync(join(dir, chunkPath(second!.sha256)), 'half');
    expect(await refusalOf(openData(`built:${dir}`))).toMatch(/train\.json is missing: give the folder/);
    const data = await openData('digits?train=3000&test=300');
    writeBuilt(data, dir);
    expect(manifestOf(dir, 'train')).toEqual(before);
    expect((await openData(`built:${dir}`)).train.count).toBe(3000);
    expect(await refusalOf(() => writeBuilt(data, dir))).toBe(
      `--to ${dir} holds a built set already: give another folder, or remove it`,
    );
    const other = newDir();
    cpSync(table, join(other, 'table.csv'));
    expect(await refusalOf(() => writeBuilt(data, other))).toMatch(/holds other files \(table\.csv\)/);
    expect(await refusalOf(() => writeBuilt(data, table))).toMatch(/is no folder/);
  });

  it('is refused where a chunk is missing, damaged, or holds what no reader would have let through', async () => {
    const dir = await build('digits?train=100&test=20');
    const chunk = (set: string) => join(set, chunkPath(manifestOf(set, 'train').chunks[0]!.sha256));
    const refusal = (set: string) => refusalOf(openData(`built:${set}`));
    const missing = changed(dir, () => undefined);
    rmSync(chunk(missing));
    expect(await refusal(missing)).toMatch(/cannot be read \(ENOENT.*build the set again/);
    for (const damage of [(bytes: Buffer) => (bytes[77]! ^= 1), undefined]) {
      const damaged = changed(dir, () => undefined);
      const bytes = readFileSync(chunk(damaged));
      damage?.(bytes);
      writeFileSync(chunk(damaged), damage ? bytes : Buffer.concat([bytes, bytes]));
      expect(await refusal(damaged)).toMatch(/is damaged \(chunk 0 of the train set\): build the set again/);
    }
    const label = poisoned(dir, (bytes) => (bytes[28 * 28] = 10));
    expect(await refusal(label)).toMatch(
      /record 0 of the train set has label 10, which the manifest excludes/,
    );
    const rows = await build(`csv:${table}`);
    const value = poisoned(rows, (bytes) => bytes.writeFloatLE(Number.NaN, 4));
    expect(await refusal(value)).toMatch(/record 0 of the train set has a value that is no number \(NaN\)/);
    expect(existsSync(chunk(rows))).toBe(true);
  });

  it('of text knows that its records follow each other, as a validation set must', async () => {
    const text = join(root, 'text.txt');
    writeFileSync(text, 'abcdefghij'.repeat(100));
    const spec = `text:${text}?length=10&stride=2`;
    const dir = await build(spec);
    const [source, built] = [await openData(spec), await openData(`built:${dir}`)];
    expect(built.sequence).toEqual(source.sequence);
    const options = { validation: 0.2, seed: 1 };
    const [wanted, found] = [withValidation(source, options), withValidation(built, options)];
    expect(found.validation).toEqual(wanted.validation);
    expect(found.train).toEqual(wanted.train);
    // Its parts are others than those that are stored.
    const objects = new ObjectStore(found.stored?.objects);
    const { name: _, ...manifest } = storeSplit(objects, found, 'train');
    expect({ ...storeSplit(objects, wanted, 'train'), name: undefined }).toEqual({
      ...manifest,
      name: undefined,
    });
    writeFileSync(join(dir, 'sequence.json'), '{}');
    expect(await refusalOf(openData(`built:${dir}`))).toMatch(/does not say how records overlap/);
  });

  it.each<[string, (manifest: Manifest) => void, RegExp]>([
    [
      'too many records',
      (manifest) => void manifest.records++,
      /is no manifest .*chunks? .*build the set again/,
    ],
    ['a scale of nothing', (manifest) => void manifest.normalisation.std.fill(0), /normalisation\.std/],
    ['a path for a hash', (manifest) => void (manifest.chunks[0]!.sha256 = '../../etc/passwd'), /sha256/],
    ['another set', (manifest) => void (manifest.split = 'test'), /it is that of the test set/],
    [
      'other scales',
      (manifest) => void (manifest.normalisation.scale = manifest.records),
      /of different builds/,
    ],
  ])('is refused where its manifests have %s', async (_, change, words) => {
    const dir = changed(await build('digits?train=100&test=20'), change);
    expect(await refusalOf(openData(`built:${dir}`))).toMatch(words);
  });

  it('whose chunk is damaged later gives no wrong bytes', async () => {
    const dir = await build('digits?train=100&test=20');
    const { stored } = await openData(`built:${dir}`);
    const { sha256 } = stored!.train.chunks[0]!;
    writeFileSync(join(dir, chunkPath(sha256)), 'other');
    expect(await refusalOf(() => stored!.objects.get(sha256))).toMatch(/is damaged: build the set again/);
    rmSync(join(dir, chunkPath(sha256)));
    expect(await refusalOf(() => stored!.objects.get(sha256))).toMatch(/cannot be read any more/);
    expect(stored!.objects.get('0'.repeat(64))).toBeUndefined();
    expect(readdirSync(dir).sort()).toEqual(['chunks', 'test.json', 'train.json']);
  });

  it('fits the models that it was scaled for, and is refused others', async () => {
    const input = { layer: 'embed', takes: 'values as they are' } as const;
    const output = { layer: 'out', why: 'ends in relu' };
    const digits = await build('digits?train=100&test=20');
    const target = await build(`csv:${table}?label=1&drop=2&task=regression`);
    const asking = (dir: string, ends: object) => openData(`built:${dir}`, { endsOf: async () => ends });
    expect(await refusalOf(asking(digits, { input }))).toMatch(
      /holds scaled values, and layer embed takes values as they are: build it for the model/,
    );
    expect(await refusalOf(asking(target, { output }))).toMatch(
      /holds standardized targets, and layer out ends in relu: build it for the model/,
    );
    const raw = await build('digits?train=100&test=20', { endsOf: async () => ({ input }) });
    expect((await asking(raw, { input })).normalisation.scale).toBe(1);
    expect((await asking(digits, { output })).train.count).toBe(100);
  });

  it('is evaluated by a model only if its values have the scales that the model was trained with', async () => {
    const rows = await build(`csv:${table}`);
    const own: DataSet = await openData(`built:${rows}`);
    expect((await openData(`built:${rows}`, { trained: own })).train.count).toBe(own.train.count);
    const features = own.columns!.features.map((feature) => ({ ...feature, mean: 1 }));
    const trained = { ...own, columns: { ...own.columns!, features } };
    expect(await refusalOf(openData(`built:${rows}`, { trained }))).toMatch(
      /was built with scales of its own/,
    );
    const digits = await build('digits?train=100&test=20');
    const model = {
      ...(await openData(`built:${digits}`)),
      normalisation: { scale: 1, mean: [1], std: [1] },
    };
    expect((await openData(`built:${digits}`, { trained: model })).train.count).toBe(100);
  });
});
