/** Folders of small pictures of one color each. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { DataSet } from '../../../coordinator/prepare/data/source.js';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';

export type Color = [red: number, green: number, blue: number, opacity?: number];

/** As PNG. */
export const picture = ([r, g, b, alpha = 1]: Color, width = 4, height = 4): Promise<Buffer> => {
  const channels = alpha < 1 ? 4 : 3;
  return sharp({ create: { width, height, channels, background: { r, g, b, alpha } } })
    .png()
    .toBuffer();
};

/** `count` pictures of a class, each of a shade of its own. */
export const several = (name: string, count: number, green = 0): Record<string, Color> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}/${i}.png`, [i + 1, green, 0]]));

/** @param files contents by path; a color stands for a picture of it. @returns how to make a folder within `root` */
export function picturesIn(root: string): (files: Record<string, Color | Uint8Array>) => Promise<string> {
  let folders = 0;
  return async (files) => {
    const dir = join(root, `${folders++}`);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), Array.isArray(content) ? await picture(content) : content);
    }
    return dir;
  };
}

/** `images:` of a folder or an archive. */
export const openPictures = (dir: string, query = '', reader = {}): Promise<DataSet> =>
  openData(`images:${dir}${query}`, reader);

/** The color of the first pixel of each record, of pictures of 4 x 4. */
export const firstColors = ({ x, count }: { x: ArrayLike<number>; count: number }) =>
  Array.from({ length: count }, (_, record) => [0, 1, 2].map((color) => x[record * 48 + color]!));
