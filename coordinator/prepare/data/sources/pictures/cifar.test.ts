import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../../test/support/files/shared-data.js';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { openData } from '../sources.js';

const root = temporaryFolder();
let folders = 0;

const PIXELS = 32 * 32;

/** A record whose value tells color and place: planes of red, green, blue. */
function record(label: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(1 + 3 * PIXELS);
  bytes[0] = label;
  for (let color = 0; color < 3; color++) {
    for (let pixel = 0; pixel < PIXELS; pixel++)
      bytes[1 + color * PIXELS + pixel] = valueAt(seed, pixel, color);
  }
  return bytes;
}

const valueAt = (seed: number, pixel: number, color: number) => (seed * 7 + pixel * 3 + color * 61) % 256;

function folderOf(files: Record<string, Uint8Array>): string {
  const dir = join(root, String(folders++));
  mkdirSync(dir);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  return dir;
}

describe('cifar10', () => {
  it('turns planes into pixels, and joins batches in the order of their names', async () => {
    const dir = folderOf({
      'data_batch_2.bin': record(4, 3),
      'data_batch_1.bin.gz': gzipSync(Buffer.concat([record(9, 1), record(0, 2)])),
      'test_batch.bin': record(5, 4),
      'batches.meta.txt': Buffer.from('not a batch'),
    });
    const { x, label, train, test } = await openData(`cifar10:${dir}`);
    expect(x).toEqual({ shape: [32, 32, 3], dtype: 'uint8' });
    expect(label).toMatchObject({ kind: 'class', classes: 10 });
    expect([...train.y]).toEqual([9, 0, 4]);
    expect([...test.y]).toEqual([5]);
    const expected: number[] = [];
    for (const seed of [1, 2, 3]) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        for (let color = 0; color < 3; color++) expected.push(valueAt(seed, pixel, color));
      }
    }
    expect(Buffer.from(train.x as Uint8Array).equals(Buffer.from(expected))).toBe(true);
  });

  it('normalizes each color for itself', async () => {
    const flat = new Uint8Array(1 + 3 * PIXELS);
    for (const [color, value] of [51, 102, 255].entries()) {
      flat.fill(value, 1 + color * PIXELS, 1 + (color + 1) * PIXELS);
    }
    const dir = folderOf({ 'data_batch_1.bin': flat, 'test_batch.bin': record(1, 1) });
    expect((await openData(`cifar10:${dir}`)).normalisation).toEqual({
      scale: 1 / 255,
      mean: [0.2, 0.4, 1],
      std: [1, 1, 1],
    });
  });

  it('refuses a batch whose size is no multiple of a record, naming it', async () => {
    const dir = folderOf({
      'data_batch_1.bin': record(1, 1),
      'data_batch_2.bin': record(1, 1).subarray(1),
      'test_batch.bin': record(1, 1),
    });
    expect(await refusalOf(openData(`cifar10:${dir}`))).toContain(
      `${join(dir, 'data_batch_2.bin')} has 3072 bytes, no multiple of 3073`,
    );
  });

  it('refuses a folder without training or without test batches, naming what it looked for', async () => {
    const onlyTest = folderOf({ 'test_batch.bin': record(1, 1) });
    expect(await refusalOf(openData(`cifar10:${onlyTest}`))).toContain(`${onlyTest} has no data_batch_1.bin`);
    const onlyTrain = folderOf({ 'data_batch_1.bin': record(1, 1) });
    expect(await refusalOf(openData(`cifar10:${onlyTrain}`))).toContain(`${onlyTrain} has no test_batch.bin`);
  });

  it('refuses a label that is no class, naming the record', async () => {
    const dir = folderOf({
      'data_batch_1.bin': Buffer.concat([record(9, 1), record(10, 2)]),
      'test_batch.bin': record(1, 1),
    });
    expect(await refusalOf(openData(`cifar10:${dir}`))).toBe(
      `cifar10:${dir}: record 1 of the train set has label 10, expected a class from 0 to 9`,
    );
  });

  it('refuses an empty batch', async () => {
    const dir = folderOf({ 'data_batch_1.bin': new Uint8Array(0), 'test_batch.bin': record(1, 1) });
    expect(await refusalOf(openData(`cifar10:${dir}`))).toContain('the train set has no records');
  });

  it('needs a folder', async () => {
    expect(await refusalOf(openData('cifar10:'))).toContain('cifar10:DIR');
  });
});

describe('cifar100', () => {
  /** Two labels before the pixels: coarse and fine. */
  const twoLabels = (coarse: number, fine: number, seed: number) =>
    Buffer.concat([Uint8Array.of(coarse), record(fine, seed)]);

  it('has the fine labels, or the coarse ones, with their usual names', async () => {
    const dir = folderOf({
      'train.bin': Buffer.concat([twoLabels(4, 0, 1), twoLabels(19, 99, 2)]),
      'test.bin.gz': gzipSync(twoLabels(0, 30, 3)),
    });
    const fine = await openData(`cifar100:${dir}`);
    const coarse = await openData(`cifar100:${dir}?labels=coarse`);
    const namesOf = ({ label, train, test }: typeof fine) =>
      [...train.y, ...test.y].map((number) => label.kind === 'class' && label.names![number]);
    expect(namesOf(fine)).toEqual(['apple', 'worm', 'dolphin']);
    expect(namesOf(coarse)).toEqual(['fruit_and_vegetables', 'vehicles_2', 'aquatic_mammals']);
    expect([fine.label, coarse.label]).toMatchObject([{ classes: 100 }, { classes: 20 }]);
    expect(fine.train.x).toEqual(coarse.train.x);
    expect([...fine.train.x.slice(0, 6)]).toEqual(
      [0, 1].flatMap((pixel) => [0, 1, 2].map((color) => valueAt(1, pixel, color))),
    );
  });

  it('takes the names of its meta files, and refuses such a file with too few', async () => {
    const parts = { 'train.bin': twoLabels(0, 1, 1), 'test.bin': twoLabels(1, 0, 1) };
    const names = Array.from({ length: 20 }, (_, i) => `kind ${i}`);
    const file = 'coarse_label_names.txt';
    const named = folderOf({ ...parts, [file]: Buffer.from(`${names.join('\r\n')}\n`) });
    expect((await openData(`cifar100:${named}?labels=coarse`)).label).toMatchObject({ names });
    const short = folderOf({ ...parts, [file]: Buffer.from('a\nb\na\n') });
    expect(await refusalOf(openData(`cifar100:${short}?labels=coarse`))).toBe(
      `${join(short, file)} has 2 different names, expected 20, one a line: fetch it again, or delete it for the usual ones`,
    );
  });

  it('refuses a folder of CIFAR-10, and a label that is no class', async () => {
    const ten = folderOf({ 'data_batch_1.bin': record(1, 1), 'test_batch.bin': record(1, 1) });
    expect(await refusalOf(openData(`cifar100:${ten}`))).toContain('has no train.bin (nor train.bin.gz)');
    const cut = folderOf({ 'train.bin': record(1, 1), 'test.bin': record(1, 1) });
    expect(await refusalOf(openData(`cifar100:${cut}`))).toContain('no multiple of 3074');
    const wrong = folderOf({ 'train.bin': twoLabels(0, 100, 1), 'test.bin': twoLabels(0, 1, 1) });
    expect(await refusalOf(openData(`cifar100:${wrong}`))).toContain(
      'record 0 of the train set has label 100',
    );
    expect(await refusalOf(openData('cifar100:'))).toContain('cifar100:DIR');
  });
});

const real = sharedData('cifar-10');

describe.skipIf(real.absent)('a part of the real CIFAR-10', () => {
  it('has its published counts, and means near the usual ones', async () => {
    const { train, test, normalisation } = await openData(`cifar10:${real.path}`);
    expect([train.count, test.count]).toEqual([10_000, 2_500]);
    const counts = Array(10).fill(0);
    for (const label of train.y) counts[label]++;
    // As the published python/binary batch 1.
    expect(counts).toEqual([1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]);
    expect([...train.y.subarray(0, 5)]).toEqual([6, 9, 9, 4, 1]);
    // Of the whole set: 0.4914, 0.4822, 0.4465 and 0.247, 0.243, 0.261.
    for (const [color, mean] of [0.4914, 0.4822, 0.4465].entries()) {
      expect(Math.abs(normalisation.mean[color]! - mean)).toBeLessThan(0.005);
    }
    for (const [color, std] of [0.247, 0.2435, 0.2616].entries()) {
      expect(Math.abs(normalisation.std[color]! - std)).toBeLessThan(0.005);
    }
  });
});
