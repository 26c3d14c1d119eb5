import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { openData } from '../../sources.js';
import { loadSharp } from './pixels/decode.js';

const root = temporaryFolder();
const folderOf = picturesIn(root);

const whole = await picture([1, 2, 3], 40, 40);
const cut = whole.subarray(0, whole.length - 30);
const jpeg = await sharp(whole).jpeg().toBuffer();

describe('pictures that cannot be taken', () => {
  // Other threads of this process decode too, and may take the reason away.
  it.each<[string, string, Uint8Array, RegExp]>([
    [
      'cut PNG',
      '7.png',
      cut,
      /is no picture that can be read \((?:libpng read error|damaged, or it ends too early)\): delete it, or skip-bad=1/,
    ],
    [
      'cut JPEG',
      '7.jpg',
      jpeg.subarray(0, jpeg.length - 9),
      /is no picture that can be read \((?:premature end of JPEG image|damaged, or it ends too early)\)/,
    ],
    [
      'text',
      '7.jpg',
      Buffer.from('<html>not found</html>'),
      /is no picture that can be read \(it is none of JPEG, PNG,/,
    ],
    ['empty file', '7.png', new Uint8Array(0), /is an empty file: delete it/],
    [
      'bitmap',
      '7.bmp',
      Buffer.from('BM\0\0\0\0'),
      /is BMP, which is not read \(convert it to PNG\): delete it/,
    ],
    [
      'drawing',
      '7.png',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /is SVG, which is not read/,
    ],
  ])('a %s is refused by its name, or left out and told', async (_, name, bytes, message) => {
    const dir = await folderOf({ ...several('cat', 4), ...several('dog', 4), [`cat/${name}`]: bytes });
    const refusal = await refusalOf(open(dir));
    expect(refusal).toMatch(message);
    expect(refusal.startsWith(join(dir, 'cat', name))).toBe(true);
    const { train, test, warnings } = await open(dir, '?skip-bad=1');
    expect(train.count + test.count).toBe(8);
    expect(firstColors(train).every(([red]) => red! > 0)).toBe(true);
    expect(warnings).toContainEqual(expect.stringContaining(`left out: ${join(dir, 'cat', name)}`));
  });

  it('pictures of different sizes are refused by name, with the remedy', async () => {
    const dir = await folderOf({
      'train/a/1.png': [1, 1, 1],
      'train/b/1.png': whole,
      'test/a/1.png': [1, 1, 1],
    });
    expect(await refusalOf(open(dir))).toMatch(
      /1\.png has \d+x\d+ pixels, .*1\.png \d+x\d+: size=WIDTHxHEIGHT makes all alike/,
    );
    expect((await open(dir, '?size=4x4')).x.shape).toEqual([4, 4, 3]);
  });

  it('more than fits is refused before it is read, and so is a picture of too many pixels', async () => {
    const dir = await folderOf({ ...several('cat', 2), ...several('dog', 2) });
    expect(await refusalOf(open(dir, '?size=40000x40000'))).toMatch(
      /4 pictures of 40000x40000 take 17\.9 GiB, more than 4: give a smaller size=WIDTHxHEIGHT, or grey=1/,
    );
    // A header alone, of a picture that would take 10 GB.
    const bomb = Buffer.from(whole);
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    writeFileSync(join(dir, 'cat/bomb.png'), bomb);
    expect(await refusalOf(open(dir, '?size=4x4'))).toMatch(
      /bomb\.png has more than 178 million pixels \(make it smaller\)/,
    );
  });

  it.each<[string, string, Record<string, Color>, RegExp]>([
    ['one class', '', several('cat', 3), /has only one class \(cat\): nothing to tell apart/],
    ['no training set', '', several('test/cat', 3), /holds test, and no train/],
    [
      'a drawn share of what is not drawn',
      '?test=0.5',
      { ...several('train/a', 2), ...several('val/a', 1) },
      /nothing is drawn, since .* has a test set \(val\)/,
    ],
    [
      'a size that is none',
      '?size=64',
      several('cat', 2),
      /size must be WIDTHxHEIGHT in pixels, such as 64x64, not 64/,
    ],
    [
      'a fit without a size',
      '?fit=cover',
      several('cat', 2),
      /fit says how pictures are made to fit size=WIDTHxHEIGHT/,
    ],
  ])('%s is refused', async (_, query, files, message) => {
    expect(await refusalOf(open(await folderOf(files), query))).toMatch(message);
  });

  it('a folder that is not there, and a file that is no archive', async () => {
    expect(await refusalOf(openData('images:'))).toContain('images:DIR');
    expect(await refusalOf(open(join(root, 'none')))).toMatch(/folder .*none is missing/);
    const file = join(root, 'file.zip');
    writeFileSync(file, 'hello');
    expect(await refusalOf(openData(file))).toMatch(/file\.zip is no ZIP archive/);
    writeFileSync(join(root, 'one.png'), whole);
    expect(await refusalOf(open(join(root, 'one.png')))).toMatch(
      /one\.png is one picture: images needs a folder/,
    );
  });

  it('a missing sharp is told with the remedy, and so is one that does not load', async () => {
    const failing = (code: string | undefined, message: string) => () =>
      Promise.reject(Object.assign(new Error(message), { code }));
    expect(await refusalOf(loadSharp(failing('ERR_MODULE_NOT_FOUND', 'Cannot find package')))).toBe(
      '--data images needs sharp: npm install sharp',
    );
    expect(
      await refusalOf(loadSharp(failing(undefined, '\nCould not load the module\nPossible solutions'))),
    ).toBe('--data images: sharp does not load (Could not load the module): npm install sharp');
  });
});

/** Of PNG's chunks. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
