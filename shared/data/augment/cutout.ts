/**
 * Cutout (DeVries and Taylor, 2017): a square of 0 hides a part of the picture. Its center lies anywhere in the
 * picture, so that it may stick out.
 */
import type { Operation } from './picture.js';

export const cutout =
  (side: number): Operation =>
  (picture, _, { height, width, channels }, random) => {
    const top = random.below(height) - Math.floor(side / 2);
    const left = random.below(width) - Math.floor(side / 2);
    const [fromX, toX] = [Math.max(0, left), Math.min(width, left + side)];
    for (let y = Math.max(0, top); y < Math.min(height, top + side); y++)
      picture.fill(0, (y * width + fromX) * channels, (y * width + toX) * channels);
  };
