/** A picture as lines of characters, dark ones for dark places, small enough for a terminal. */

/** From dark to light, as on a terminal with a dark background. */
const SHADES = ' .:-=+*#%@';
const WIDEST = 48;
/** A character is about twice as high as it is wide. */
const HEIGHT_OF_WIDTH = 2;

/** @param pixels row by row, the channels of a pixel side by side, 0 to 255 */
export function drawing(
  pixels: ArrayLike<number>,
  { height, width, channels }: { height: number; width: number; channels: 1 | 3 },
): string[] {
  const columns = Math.min(WIDEST, 2 * width);
  const rows = Math.max(1, Math.round((columns * height) / (width * HEIGHT_OF_WIDTH)));
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const light = meanOf(pixels, width * channels, {
        top: Math.floor((row * height) / rows),
        bottom: Math.ceil(((row + 1) * height) / rows),
        left: Math.floor((column * width) / columns) * channels,
        right: Math.ceil(((column + 1) * width) / columns) * channels,
      });
      return SHADES[Math.min(SHADES.length - 1, Math.floor((light / 256) * SHADES.length))];
    })
      .join('')
      .trimEnd(),
  );
}

interface Box {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

function meanOf(values: ArrayLike<number>, rowLength: number, { top, bottom, left, right }: Box): number {
  let sum = 0;
  for (let row = top; row < bottom; row++)
    for (let at = row * rowLength + left; at < row * rowLength + right; at++) sum += values[at]!;
  return sum / ((bottom - top) * (right - left));
}
