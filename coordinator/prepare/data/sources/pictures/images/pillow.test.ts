/** The same pictures as Pillow and torchvision read them: fixtures/make-fixtures.py. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openData } from '../../sources.js';
import { decodePicture, loadSharp } from './pixels/decode.js';

const at = (path: string) => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));
const { pictures, imageFolder } = JSON.parse(readFileSync(at('expected.json'), 'utf8')) as {
  pictures: Record<string, { size: [width: number, height: number]; rgb: string; grey: string }>;
  imageFolder: { classes: string[]; samples: Record<string, number> };
};

describe("Pillow's pictures", () => {
  it.each(Object.keys(pictures))('%s has the same bytes here, in color and in grey', async (path) => {
    const sharp = await loadSharp();
    const bytes = readFileSync(at(`pictures/${path}`));
    const { size, rgb, grey } = pictures[path]!;
    const look = { size: undefined, fit: 'cover' } as const;
    const colored = await decodePicture(sharp, bytes, { ...look, channels: 3 });
    expect([colored.width, colored.height]).toEqual(size);
    expect(Buffer.from(colored.pixels).toString('hex')).toBe(rgb);
    const plain = await decodePicture(sharp, bytes, { ...look, channels: 1 });
    expect(Buffer.from(plain.pixels).toString('hex')).toBe(grey);
  });
});

it("torchvision's ImageFolder finds the same classes, and the same pictures of each", async () => {
  const { label, train, test } = await openData(`images:${at('pictures')}`);
  expect(label).toEqual({ kind: 'class', classes: 3, names: imageFolder.classes });
  const bytes = 16 * 12 * 3;
  const found = [train, test].flatMap(({ count, x, y }) =>
    Array.from({ length: count }, (_, record) => {
      const pixels = Buffer.from(x.slice(record * bytes, (record + 1) * bytes) as Uint8Array);
      return `${y[record]} ${pixels.toString('hex')}`;
    }),
  );
  const expected = Object.entries(imageFolder.samples).map(
    ([path, target]) => `${target} ${pictures[path]!.rgb}`,
  );
  expect(found.sort()).toEqual(expected.sort());
});
