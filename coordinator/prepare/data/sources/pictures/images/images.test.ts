import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  type Color,
  firstColors,
  openPictures as open,
  picture,
  picturesIn,
  several,
} from '../../../../../../test/support/files/picture-files.js';
import { temporaryFolder } from '../../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { withValidation } from '../../../split/validation.js';
import { absoluteData } from '../../sources.js';

const root = temporaryFolder();
const folderOf = picturesIn(root);

describe('images', () => {
  it('reads the parts that folders name, classes sorted by name', async () => {
    const dir = await folderOf({
      'train/dog/a.png': [1, 2, 3],
      'train/cat/b.png': [4, 5, 6],
      'train/Bat/c.png': [7, 8, 9],
      'test/cat/d.png': [10, 11, 12],
    });
    const { x, y, label, train, test, parts, name } = await open(dir);
    expect(name).toBe(`images:${dir}`);
    expect({ x, y }).toEqual({ x: { shape: [4, 4, 3], dtype: 'uint8' }, y: { shape: [], dtype: 'int32' } });
    expect(label).toEqual({ kind: 'class', classes: 3, names: ['Bat', 'cat', 'dog'] });
    const pairs = firstColors(train).map((color, at) => `${train.y[at]}: ${color}`);
    expect(pairs.sort()).toEqual(['0: 7,8,9', '1: 4,5,6', '2: 1,2,3']);
    expect([firstColors(test), [...test.y]]).toEqual([[[10, 11, 12]], [1]]);
    expect(parts).toEqual({ train: `all 3 pictures of ${dir}/train`, test: `all 1 picture of ${dir}/test` });
  });

  it('has a validation set where there is a folder for it beside that of the test set', async () => {
    const files = {
      ...several('train/cat', 3),
      ...several('train/dog', 3),
      'val/dog/1.png': [9, 9, 9] as Color,
    };
    const alone = await open(await folderOf(files));
    expect([firstColors(alone.test), alone.validation]).toEqual([[[9, 9, 9]], undefined]);
    const dir = await folderOf({ ...files, 'test/cat/1.png': [7, 7, 7] });
    const { test, validation, notes } = await open(dir);
    expect([firstColors(test), firstColors(validation!), [...validation!.y]]).toEqual([
      [[7, 7, 7]],
      [[9, 9, 9]],
      [1],
    ]);
    expect(notes).toContain(`validation set: all 1 picture of ${dir}/val`);
    expect(await refusalOf(async () => withValidation(await open(dir), { validation: 0.1, seed: 1 }))).toBe(
      `--validation 0.1: images:${dir} has a validation set of its own, of 1 records; leave the option out`,
    );
  });

  it('draws the same share of each class where there is no test set, each picture once', async () => {
    const dir = await folderOf({ ...several('cat', 20), ...several('dog', 10, 9), 'eel/1.png': [0, 99, 0] });
    const of = async (query: string) => {
      const { train, test } = await open(dir, query);
      return {
        train: firstColors(train).map(String),
        test: firstColors(test).map(String),
        y: [...test.y].sort(),
      };
    };
    const one = await of('?test=0.3');
    // 6 of 20, 3 of 10, none of 1.
    expect(one.y).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(new Set([...one.train, ...one.test]).size).toBe(31);
    expect(await of('?test=0.3')).toEqual(one);
    expect((await of('?test=0.3&seed=2')).test.sort()).not.toEqual(one.test.sort());
  });

  it('mixes classes in the order of records', async () => {
    const dir = await folderOf({ ...several('cat', 20), ...several('dog', 20, 9) });
    const { train } = await open(dir);
    expect([...train.y]).not.toEqual([...train.y].sort());
  });

  it('tells of classes with few pictures, and of those that nothing trains', async () => {
    const dir = await folderOf({
      ...several('train/cat', 12),
      'train/dog/1.png': [1, 1, 1],
      'test/eel/1.png': [1, 1, 1],
    });
    expect((await open(dir)).warnings).toEqual([
      'no training picture has class eel: the model cannot learn it',
      'few training pictures of some classes: dog 1 (cat has 12)',
    ]);
  });

  it('makes pictures as large as asked: cut, on black, or stretched', async () => {
    const half = await sharp({ create: { width: 8, height: 4, channels: 3, background: 'red' } })
      .composite([{ input: await picture([0, 0, 255], 4, 4), left: 0, top: 0 }])
      .png()
      .toBuffer();
    const dir = await folderOf({ 'train/a/1.png': half, 'train/b/1.png': [1, 1, 1], 'test/a/1.png': half });
    const rowOf = async (fit: string) => {
      const { test, x } = await open(dir, `?size=4x6&fit=${fit}&normalize=none`);
      expect(x.shape).toEqual([6, 4, 3]);
      return { top: [...test.x.slice(0, 3)], middle: [...test.x.slice(3 * 4 * 3, 3 * 4 * 3 + 3)] };
    };
    const [cover, contain, stretch] = [await rowOf('cover'), await rowOf('contain'), await rowOf('stretch')];
    expect(contain.top).toEqual([0, 0, 0]);
    expect(stretch.top[2]).toBeGreaterThan(200);
    expect(cover.top[2]).toBeGreaterThan(200);
    expect(contain.middle[2]).toBeGreaterThan(200);
  });

  it('puts transparent pictures on white, and tells how many', async () => {
    const dir = await folderOf({
      'train/a/1.png': [0, 0, 0, 0],
      'train/b/1.png': [1, 1, 1],
      'test/b/1.png': [100, 0, 0, 0.5],
    });
    const { train, test, notes } = await open(dir);
    expect(firstColors(train).map(String).sort()).toEqual(['1,1,1', '255,255,255']);
    expect(firstColors(test)).toEqual([[177, 127, 127]]);
    expect(notes).toContain('2 pictures are transparent in places: they stand on white');
  });

  it('takes colors as they are stored, whatever profile stands beside them', async () => {
    const profiled = await sharp(await picture([200, 30, 90]))
      .withIccProfile('p3')
      .png()
      .toBuffer();
    const { data } = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
    const stored = [...data.subarray(0, 3)];
    expect(stored).not.toEqual([200, 30, 90]);
    const dir = await folderOf({
      'train/a/1.png': profiled,
      'train/b/1.png': [1, 2, 3],
      'test/a/1.png': profiled,
    });
    expect(firstColors((await open(dir)).test)).toEqual([stored]);
  });

  it('takes the first of several pictures in a file, and tells so', async () => {
    const gif = await sharp([await picture([9, 9, 9]), await picture([200, 9, 9])], {
      join: { animated: true },
    })
      .gif()
      .toBuffer();
    const dir = await folderOf({ 'train/a/1.gif': gif, 'train/b/1.png': [1, 2, 3], 'test/a/1.gif': gif });
    const { test, notes } = await open(dir);
    expect(firstColors(test)).toEqual([[9, 9, 9]]);
    expect(notes).toContain('2 files hold several pictures: the first one is taken');
  });

  it('reads a ZIP archive like a folder, batch after batch', async () => {
    const files = { ...several('pets/cat', 6), ...several('pets/dog', 6, 9) };
    const dir = await folderOf(files);
    const contents = Object.keys(files).map(
      (path) => [path, new Uint8Array(readFileSync(join(dir, path)))] as const,
    );
    const archive = join(root, 'pets.zip');
    writeFileSync(
      archive,
      zipSync({ ...Object.fromEntries(contents), '__MACOSX/pets/._0.png': new Uint8Array(3) }),
    );
    const zipped = await open(archive);
    const plain = await open(dir);
    expect(zipped.notes).toEqual([
      `${archive}: left out 1 hidden file (__MACOSX/pets/._0.png)`,
      `${archive}: all pictures are within pets/`,
    ]);
    expect([zipped.train, zipped.test, zipped.label]).toEqual([plain.train, plain.test, plain.label]);
    expect(absoluteData(archive)).toBe(`images:${archive}`);
  });

  it('follows links', async () => {
    const dir = await folderOf({ ...several('dog', 4) });
    symlinkSync(await folderOf(several('.', 4)), join(dir, 'cat'));
    expect((await open(dir)).label).toMatchObject({ names: ['cat', 'dog'] });
  });

  it('says how far it is', async () => {
    const dir = await folderOf({ ...several('cat', 4), ...several('dog', 4) });
    const told: string[] = [];
    await open(dir, '', { preparing: (what: string) => told.push(what) });
    expect(told[0]).toBe('reading pictures: 0 of 8');
  });

  it('says that grey pictures may be read as such, and does so', async () => {
    const dir = await folderOf({
      'train/a/1.png': [9, 9, 9],
      'train/b/1.png': [200, 200, 200],
      'test/a/1.png': [5, 5, 5],
    });
    expect((await open(dir)).notes).toContain(
      'no picture has a color: grey=1 makes the data a third as large',
    );
    const { x, test, normalisation } = await open(dir, '?grey=1');
    expect(x.shape).toEqual([4, 4, 1]);
    expect([...test.x]).toEqual(Array(16).fill(5));
    expect(normalisation.mean).toHaveLength(1);
  });
});

describe('pictures for a model that is trained', () => {
  it('are made as large, and have its classes by name; others are counted', async () => {
    const trained = await open(await folderOf({ ...several('cat', 4), ...several('dog', 4) }), '?grey=1');
    const other = await folderOf({
      'test/dog/1.png': await picture([8, 8, 8], 20, 10),
      'test/eel/1.png': [1, 1, 1],
    });
    const { x, label, test, train, normalisation, unknownClasses, notes } = await open(other, '', {
      trained,
    });
    expect(x).toEqual(trained.x);
    expect(label).toEqual(trained.label);
    expect(normalisation).toEqual(trained.normalisation);
    expect([train.count, [...test.y], [...test.x]]).toEqual([0, [1], Array(16).fill(8)]);
    expect(unknownClasses).toEqual({ train: [], validation: [], test: [{ name: 'eel', records: 1 }] });
    expect(notes).toContain("pictures are made as large as the model's: 4x4, fit=cover");
  });
});
