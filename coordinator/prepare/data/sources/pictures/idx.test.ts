import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  IDX_NAMES,
  type IdxFiles,
  idxBytes,
  imagesBytes,
  labelsBytes,
  soundIdx,
  writeIdx,
} from '../../../../../test/support/files/idx-files.js';
import { sharedData } from '../../../../../test/support/files/shared-data.js';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { openData } from '../sources.js';

const root = temporaryFolder();
let folders = 0;
const newDir = () => join(root, String(folders++));
const write = (change: Partial<IdxFiles> = {}, gzip = false) =>
  writeIdx(newDir(), { ...soundIdx(), ...change }, gzip);

describe('idx', () => {
  it.each([false, true])('gives images and labels as they stand in the files (gzip: %s)', async (gzip) => {
    const dir = write({}, gzip);
    const data = await openData(`idx:${dir}`);
    expect(data.name).toBe(`idx:${dir}`);
    expect(data.x).toEqual({ shape: [2, 3, 1], dtype: 'uint8' });
    expect(data.y).toEqual({ shape: [], dtype: 'uint8' });
    expect(data.label).toEqual({ kind: 'class', classes: 4 });
    expect(data.train.count).toBe(5);
    expect([...data.train.x]).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect([...data.train.y]).toEqual([3, 0, 1, 2, 3]);
    expect(data.test.count).toBe(2);
    expect([...data.test.x]).toEqual(Array.from({ length: 12 }, (_, i) => 100 + i));
    expect([...data.test.y]).toEqual([1, 2]);
  });

  it('normalizes by mean and standard deviation of the training pixels, scaled to 0 ... 1', async () => {
    const { normalisation } = await openData(`idx:${write()}`);
    const pixels = Array.from({ length: 30 }, (_, i) => i / 255);
    const mean = pixels.reduce((sum, value) => sum + value) / 30;
    const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 30;
    expect(normalisation.scale).toBe(1 / 255);
    expect(normalisation.mean).toEqual([expect.closeTo(mean, 6)]);
    expect(normalisation.std).toEqual([expect.closeTo(Math.sqrt(variance), 6)]);
  });

  it('leaves the scale of pixels that are all alike as it is', async () => {
    const { normalisation } = await openData(
      `idx:${write({ trainImages: idxBytes(2051, [5, 2, 3], Array(30).fill(51)) })}`,
    );
    expect(normalisation.mean).toEqual([0.2]);
    expect(normalisation.std).toEqual([1]);
  });

  it('reads the names with a dot in them, as some copies have', async () => {
    const dir = write();
    for (const name of Object.values(IDX_NAMES)) {
      renameSync(join(dir, name), join(dir, name.replace('-idx', '.idx')));
    }
    expect((await openData(`idx:${dir}`)).train.count).toBe(5);
  });
});

describe('idx refuses', () => {
  const refused = (change: Partial<IdxFiles>, gzip = false) => {
    const dir = write(change, gzip);
    return { dir, message: refusalOf(openData(`idx:${dir}`)) };
  };

  it('a missing folder', async () => {
    const dir = join(root, 'nowhere');
    expect(await refusalOf(openData(`idx:${dir}`))).toBe(
      `folder ${dir} is missing: check the path of --data`,
    );
  });

  it('a file in the place of a folder', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(await refusalOf(openData(`idx:${file}`))).toContain(`${file} is not a folder`);
  });

  it('no folder at all', async () => {
    expect(await refusalOf(openData('idx'))).toBe('--data idx needs a folder: idx:DIR');
  });

  it.each(Object.keys(IDX_NAMES) as (keyof IdxFiles)[])('a folder without %s, naming it', async (key) => {
    const { dir, message } = refused({ [key]: undefined });
    expect(await message).toContain(`${dir} has no ${IDX_NAMES[key]} (nor ${IDX_NAMES[key]}.gz)`);
  });

  it('a wrong magic number, naming file, number and the expected one', async () => {
    const { dir, message } = refused({ trainImages: labelsBytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) });
    expect(await message).toContain(
      `${join(dir, IDX_NAMES.trainImages)} has magic number 2049, expected 2051`,
    );
  });

  it('a file that ends within its header', async () => {
    const { dir, message } = refused({ testImages: imagesBytes(2, 2, 3).subarray(0, 15) });
    expect(await message).toContain(`${join(dir, IDX_NAMES.testImages)} is truncated (15 bytes)`);
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, -1), 45],
    ['too long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)]), 47],
  ])('a body that is %s, with both sizes', async (what, change, found) => {
    const { dir, message } = refused({ trainImages: change(imagesBytes(5, 2, 3)) });
    expect(await message).toContain(
      `${join(dir, IDX_NAMES.trainImages)} is ${what}: ${found} bytes, its header promises 46`,
    );
  });

  it('counts that differ, naming both files', async () => {
    const { dir, message } = refused({ trainLabels: labelsBytes([0, 1, 2, 3]) });
    expect(await message).toContain(
      `${join(dir, IDX_NAMES.trainImages)} has 5 images, ${join(dir, IDX_NAMES.trainLabels)} 4 labels`,
    );
  });

  it('images of two sizes', async () => {
    const { message } = refused({ testImages: imagesBytes(2, 3, 2) });
    expect(await message).toContain('training and test images differ in size (2x3 and 3x2)');
  });

  it('a test label beyond the classes of the training set', async () => {
    const { dir, message } = refused({ testLabels: labelsBytes([1, 4]) });
    expect(await message).toBe(
      `idx:${dir}: record 1 of the test set has label 4, expected a class from 0 to 3`,
    );
  });

  it('a set without records', async () => {
    const { dir, message } = refused({ testImages: imagesBytes(0, 2, 3), testLabels: labelsBytes([]) });
    expect(await message).toContain(`idx:${dir}: the test set has no records`);
  });

  it('half of a gzip file', async () => {
    const dir = write({ trainImages: undefined }, true);
    const file = join(dir, `${IDX_NAMES.trainImages}.gz`);
    writeFileSync(file, gzipSync(imagesBytes(5, 2, 3)).subarray(0, 30));
    expect(await refusalOf(openData(`idx:${dir}`))).toContain(`${file} is not a complete gzip file`);
  });
});

const mnist = sharedData('mnist');

describe.skipIf(mnist.absent)('the real MNIST', () => {
  it('has its published counts, first labels, mean and standard deviation', async () => {
    const { train, test, x, label, normalisation } = await openData(`idx:${mnist.path}`);
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    expect(x).toEqual({ shape: [28, 28, 1], dtype: 'uint8' });
    expect(label).toEqual({ kind: 'class', classes: 10 });
    expect([...train.y.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const counts = Array(10).fill(0);
    for (const digit of train.y) counts[digit]++;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(normalisation.mean[0]).toBeCloseTo(0.1307, 4);
    expect(normalisation.std[0]).toBeCloseTo(0.3081, 4);
  });
});
