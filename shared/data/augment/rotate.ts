/**
 * Rotates a picture about its center, bilinearly, with 0 where it has nothing. Positions are whole numbers of 1/256
 * pixel: the same for every runtime, which `Math.sin` is not.
 */
import type { RecordArray } from '../manifest.js';
import type { Operation, PictureShape } from './picture.js';

/** Angles are whole numbers of tenths of a degree. */
const TENTHS = 10;
const RIGHT_ANGLE = 90 * TENTHS;
/** A sine is a whole number of these. */
const UNITS = 1 << 16;

/** Turns by up to `degrees` either way. */
export const rotate =
  (degrees: number): Operation =>
  (picture, scratch, shape, random) => {
    const angle = random.below(2 * degrees * TENTHS + 1) - degrees * TENTHS;
    if (angle === 0) return;
    scratch.set(picture);
    turned(scratch, picture, shape, angle);
  };

/** @param angle in tenths of a degree, from -1800 to 1800; counter-clockwise above 0 */
export function turned(
  source: RecordArray,
  target: RecordArray,
  { height, width, channels }: PictureShape,
  angle: number,
): void {
  const sine = sineOf(-angle);
  const cosine = sineOf(angle + RIGHT_ANGLE);
  const isBytes = source instanceof Uint8Array;
  const row = width * channels;
  let at = 0;
  for (let y = 0; y < height; y++) {
    // Twice the distances from the center are whole numbers. In units of 2^-17 pixel.
    const v = 2 * y - (height - 1);
    let sourceX = sine * v - cosine * (width - 1) + (width - 1) * UNITS;
    let sourceY = cosine * v + sine * (width - 1) + (height - 1) * UNITS;
    for (let x = 0; x < width; x++, sourceX += 2 * cosine, sourceY -= 2 * sine) {
      const x256 = sourceX >> 9;
      const y256 = sourceY >> 9;
      const left = x256 >> 8;
      const top = y256 >> 8;
      const [toLeft, toTop] = [left >= 0 && left < width, top >= 0 && top < height];
      const [toRight, toBottom] = [left >= -1 && left < width - 1, top >= -1 && top < height - 1];
      const from = top * row + left * channels;
      for (let c = from; c < from + channels; c++, at++) {
        const a = toTop && toLeft ? source[c]! : 0;
        const b = toTop && toRight ? source[c + channels]! : 0;
        const d = toBottom && toLeft ? source[c + row]! : 0;
        const e = toBottom && toRight ? source[c + row + channels]! : 0;
        const sum = between(between(a, b, x256 & 255), between(d, e, x256 & 255), y256 & 255);
        target[at] = isBytes ? (sum + UNITS / 2) >> 16 : sum / UNITS;
      }
    }
  }
}

/** 256 times the value that lies `part` 256ths of the way from `a` to `b`. */
const between = (a: number, b: number, part: number): number => (256 - part) * a + part * b;

/** By the quadrant, and by a series that takes additions and multiplications only. In units of 2^-16. */
export function sineOf(tenths: number): number {
  const turn = ((tenths % (4 * RIGHT_ANGLE)) + 4 * RIGHT_ANGLE) % (4 * RIGHT_ANGLE);
  const half = turn % (2 * RIGHT_ANGLE);
  const quarter = half > RIGHT_ANGLE ? 2 * RIGHT_ANGLE - half : half;
  const radians = (quarter * Math.PI) / (2 * RIGHT_ANGLE);
  let term = radians;
  let sum = radians;
  for (let n = 2; n <= 22; n += 2) {
    term = (-term * radians * radians) / (n * (n + 1));
    sum += term;
  }
  const units = Math.round(sum * UNITS);
  return turn >= 2 * RIGHT_ANGLE ? -units : units;
}
