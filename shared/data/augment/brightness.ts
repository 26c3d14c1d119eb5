import type { Operation } from './picture.js';

/** A factor is a whole number of these. */
const UNITS = 1 << 16;

/**
 * Multiplies all values by one factor from 1 - `most` to 1 + `most`. Bytes are rounded, and stay at most 255; other
 * values are multiplied in float64 and rounded to float32.
 */
export const brightness = (most: number): Operation => {
  const range = Math.round(most * UNITS);
  return (picture, _scratch, _shape, random) => {
    const factor = UNITS - range + random.below(2 * range + 1);
    if (picture instanceof Uint8Array) {
      for (let i = 0; i < picture.length; i++)
        picture[i] = Math.min(255, (picture[i]! * factor + UNITS / 2) >> 16);
    } else {
      const exact = factor / UNITS;
      for (let i = 0; i < picture.length; i++) picture[i] = picture[i]! * exact;
    }
  };
};
