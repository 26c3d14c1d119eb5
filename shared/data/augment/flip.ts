import type { Operation } from './picture.js';

/** Mirrors every other picture, left and right. */
export const flip =
  (): Operation =>
  (picture, _, { height, width, channels }, random) => {
    if (random.below(2) === 0) return;
    for (let y = 0; y < height; y++) {
      let left = y * width * channels;
      let right = left + (width - 1) * channels;
      for (; left < right; left += channels, right -= channels) {
        for (let c = 0; c < channels; c++) {
          const value = picture[left + c]!;
          picture[left + c] = picture[right + c]!;
          picture[right + c] = value;
        }
      }
    }
  };
