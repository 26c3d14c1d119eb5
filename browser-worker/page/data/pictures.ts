/** Records as pictures, and drawings as records. */
import { recordArrayOf, type TensorSpec } from '../../../shared/data/manifest.js';

/** Draws a record, given as base64, in its own size: the page scales it. */
export function paint(canvas: HTMLCanvasElement, base64: string, { shape, dtype }: TensorSpec): void {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const values = recordArrayOf(dtype, bytes);
  const [height = 1, width = 1, channels = 1] = shape;
  let [low, high] = [0, 255];
  if (dtype !== 'uint8') {
    [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = values[pixel * channels + (channels === 3 ? channel : 0)]!;
      image.data[4 * pixel + channel] = (255 * (value - low)) / (high - low || 1);
    }
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The share of a picture's side that a digit's longer side takes, as in MNIST: 20 of 28 pixels. */
const DIGIT_SHARE = 20 / 28;

/**
 * Dark ink on white paper as a gray record, light on dark: cut out, scaled to the usual size, and shifted so
 * that its center of mass is the picture's, as MNIST was made.
 * @returns values of 0 to 255, row by row; undefined for an empty paper
 */
export function digitOf(
  paper: HTMLCanvasElement,
  [height = 28, width = 28]: readonly number[],
): Float32Array | undefined {
  const source = paper
    .getContext('2d', { willReadFrequently: true })!
    .getImageData(0, 0, paper.width, paper.height);
  const ink = inkOf(source.data, paper.width);
  if (!ink) return undefined;
  const { left, top, right, bottom, centerX, centerY } = ink;
  const scale = (DIGIT_SHARE * Math.min(width, height)) / Math.max(right - left, bottom - top);
  const small = new OffscreenCanvas(width, height);
  const context = small.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  const [x, y] = [width / 2 - centerX * scale, height / 2 - centerY * scale];
  context.drawImage(paper, x, y, paper.width * scale, paper.height * scale);
  const { data } = context.getImageData(0, 0, width, height);
  return Float32Array.from({ length: width * height }, (_, pixel) => 255 - data[4 * pixel]!);
}

function inkOf(data: Uint8ClampedArray, width: number) {
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  let [mass, momentX, momentY] = [0, 0, 0];
  for (let pixel = 0; 4 * pixel < data.length; pixel++) {
    const darkness = 255 - data[4 * pixel]!;
    if (darkness < 16) continue;
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    mass += darkness;
    momentX += darkness * (x + 0.5);
    momentY += darkness * (y + 0.5);
  }
  return mass > 0
    ? { left, top, right, bottom, centerX: momentX / mass, centerY: momentY / mass }
    : undefined;
}

/**
 * A picture file as a record of red, green and blue, its middle cut to the record's proportions; also drawn
 * on `paper`. @throws if the browser cannot read it
 */
export async function pictureOf(
  file: Blob,
  paper: HTMLCanvasElement,
  [height = 1, width = 1]: readonly number[],
): Promise<Float32Array> {
  const image = await createImageBitmap(file);
  const cut = Math.min(image.width / width, image.height / height);
  const [w, h] = [width * cut, height * cut];
  const part = [(image.width - w) / 2, (image.height - h) / 2, w, h] as const;
  const small = new OffscreenCanvas(width, height);
  const context = small.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, ...part, 0, 0, width, height);
  paper.getContext('2d')!.drawImage(image, ...part, 0, 0, paper.width, paper.height);
  const { data } = context.getImageData(0, 0, width, height);
  return Float32Array.from({ length: width * height * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!);
}
