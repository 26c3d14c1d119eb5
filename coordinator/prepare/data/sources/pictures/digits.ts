/**
 * `digits`: 10 classes of 28x28 gray images of drawn digits, made here, so that a first run needs no
 * download. Each is one of a few ways to write the digit, as strokes, with affine jitter, wobbling points,
 * a pen of its own thickness, and noise. Seeded: the same set everywhere. Options: `train`, `test`, `seed`,
 * `normalize`.
 */
import { Random } from '../../../../../shared/numerics/random.js';
import { wholeOption } from '../../options.js';
import { pixelNormalization } from '../../scaling/normalization.js';
import type { DataShapes, DataSource, Records } from '../../source.js';
import { GLYPHS, type Stroke } from './digit-glyphs.js';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;

export const digits: DataSource = {
  scheme: 'digits',
  usage: 'digits',
  options: ['train', 'test', 'seed', 'normalize'],
  async open(_path, options, reader) {
    const seed = wholeOption(options, 'seed', 1);
    // Streams of their own: no test image depends on how many training images there are.
    const train = draw(wholeOption(options, 'train', 12_000, 1), seed, 0);
    const test = draw(wholeOption(options, 'test', 2_000, 1), seed, 1);
    const shapes: DataShapes = {
      x: { shape: [SIDE, SIDE, 1], dtype: 'uint8' },
      y: { shape: [], dtype: 'uint8' },
      label: { kind: 'class', classes: CLASSES },
    };
    return {
      name: 'digits',
      ...shapes,
      ...(await pixelNormalization(train.x, shapes, options, reader)),
      train,
      test,
      parts: { train: 'the drawn training set', test: 'the drawn test set' },
    };
  },
};

function draw(count: number, seed: number, stream: number): Records {
  const x = new Uint8Array(count * PIXELS);
  const y = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const random = new Random(seed, stream, i);
    y[i] = i % CLASSES;
    const variants = GLYPHS[y[i]!]!;
    drawGlyph(variants[random.below(variants.length)]!, random, x.subarray(i * PIXELS, (i + 1) * PIXELS));
  }
  return { count, x, y };
}

/** One image: the strokes of a glyph in the unit square, deformed, and drawn with a round pen. */
function drawGlyph(glyph: readonly Stroke[], random: Random, pixels: Uint8Array): void {
  const place = affine(random);
  const wobble = random.between(0.01, 0.045);
  const radius = random.between(0.7, 1.75);
  const ink = random.between(190, 255);
  const coverage = new Float32Array(PIXELS);
  for (const stroke of glyph) {
    const points = stroke.map(([u, v]) =>
      place(u + random.between(-wobble, wobble), v + random.between(-wobble, wobble)),
    );
    for (let i = 1; i < points.length; i++) drawSegment(points[i - 1]!, points[i]!, radius, coverage);
  }
  develop(coverage, ink, random.between(0, 26), random, pixels);
}

/** Ink and uniform noise, in gray levels from 0 to 255. */
function develop(
  coverage: Float32Array,
  ink: number,
  noise: number,
  random: Random,
  pixels: Uint8Array,
): void {
  for (let i = 0; i < PIXELS; i++) {
    const value = coverage[i]! * ink + noise * (random.float() - 0.5);
    // The array cuts decimals off. Half of all noise is below 0: a branch would be guessed wrong as often.
    pixels[i] = Math.min(255, Math.max(0, value) + 0.5);
  }
}

type Point = readonly [number, number];

/** Rotation, shear, stretch and shift, from the unit square to pixels. */
function affine(random: Random): (u: number, v: number) => Point {
  const angle = random.between(-0.26, 0.26);
  const shear = random.between(-0.28, 0.28);
  const [width, height] = [random.between(10, 18), random.between(15, 21)];
  const [shiftX, shiftY] = [random.between(-2.6, 2.6), random.between(-2.2, 2.2)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (u, v) => {
    const y = (v - 0.5) * height;
    const x = (u - 0.5) * width - shear * y;
    return [SIDE / 2 + shiftX + cos * x - sin * y, SIDE / 2 + shiftY + sin * x + cos * y];
  };
}

/**
 * Raises `coverage` near the line from `a` to `b`: 1 within the pen's radius, fading over one pixel. Plain
 * numbers and no arrays: ten million pixels are looked at before a first run begins.
 */
function drawSegment(a: Point, b: Point, radius: number, coverage: Float32Array): void {
  const [ax, ay] = a;
  const dx = b[0] - ax;
  const dy = b[1] - ay;
  const reach = radius + 1;
  const left = onPicture(Math.floor(Math.min(ax, b[0]) - reach));
  const right = onPicture(Math.ceil(Math.max(ax, b[0]) + reach));
  const top = onPicture(Math.floor(Math.min(ay, b[1]) - reach));
  const bottom = onPicture(Math.ceil(Math.max(ay, b[1]) + reach));
  const square = dx * dx + dy * dy || 1;
  // Beyond, nothing is covered; most pixels are, and need no root. A little more than exact, for rounding.
  const farSquare = (radius + 0.5) ** 2 * (1 + 1e-9);
  for (let row = top; row <= bottom; row++) {
    const py = row + 0.5 - ay;
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - ax;
      const along = Math.max(0, Math.min(1, (px * dx + py * dy) / square));
      const ex = px - along * dx;
      const ey = py - along * dy;
      if (ex * ex + ey * ey > farSquare) continue;
      const covered = Math.max(0, Math.min(1, radius + 0.5 - distance(ex, ey)));
      const at = row * SIDE + column;
      if (covered > coverage[at]!) coverage[at] = covered;
    }
  }
}

const onPicture = (value: number) => Math.max(0, Math.min(SIDE - 1, value));

/** The root of x * x + y * y by IEEE operations alone, in V8's order: `Math.hypot` is slow, and may differ by runtime. */
function distance(x: number, y: number): number {
  const larger = Math.max(Math.abs(x), Math.abs(y));
  if (larger === 0) return 0;
  const first = x / larger;
  const second = y / larger;
  return Math.sqrt(first * first + second * second) * larger;
}
