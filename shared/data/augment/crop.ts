import type { Operation } from './picture.js';

/** Puts `margin` pixels of 0 around the picture, and cuts one of its size out anywhere. */
export const crop =
  (margin: number): Operation =>
  (picture, scratch, { height, width, channels }, random) => {
    const down = random.below(2 * margin + 1) - margin;
    const right = random.below(2 * margin + 1) - margin;
    scratch.set(picture);
    picture.fill(0);
    const row = width * channels;
    const [fromX, toX] = [Math.max(0, right), Math.min(width, width + right)];
    for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
      const from = (y + down) * row;
      picture.set(
        scratch.subarray(from + fromX * channels, from + toX * channels),
        y * row + (fromX - right) * channels,
      );
    }
  };
