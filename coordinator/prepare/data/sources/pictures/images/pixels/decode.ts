/**
 * One picture as bytes of red, green and blue, or of grey, row by row. `sharp` decodes it; what it does not do as the
 * libraries that people come from (Pillow, torchvision, Keras) is done here: color profiles are not applied, and grey is
 * Pillow's `convert('L')`.
 */
import { messageOf, UserError } from '../../../../../../../shared/user-error.js';
import { formatOfBytes, READ_FORMATS } from './formats.js';

type Sharp = typeof import('sharp').default;

export type Fit = 'cover' | 'contain' | 'stretch';

export interface Look {
  /** Pictures become this large; undefined: they stay as they are. */
  size: { width: number; height: number } | undefined;
  fit: Fit;
  channels: 1 | 3;
}

export interface Picture {
  width: number;
  height: number;
  pixels: Uint8Array;
  /** Whether something of it was transparent, and stands on white now. */
  isTransparent: boolean;
  /** Whether it is the first of several in its file. */
  isFirstOfMany: boolean;
}

/** A file that is no picture: its message goes between the name of the file and what to do. */
export class Unreadable extends Error {}

/** What Pillow refuses as well: such a file is more likely to be an attack than a picture. */
const MAX_PIXELS = 2 * 89_478_485;

/**
 * @param by what it is needed for
 * @throws UserError if `sharp` is not installed, or does not load
 */
export async function loadSharp(load = () => import('sharp'), by = '--data images'): Promise<Sharp> {
  try {
    return (await load()).default;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new UserError(`${by} needs sharp: npm install sharp`, 2);
    const [first] = messageOf(error).trim().split('\n');
    throw new UserError(`${by}: sharp does not load (${first}): npm install sharp`, 2);
  }
}

/** @throws Unreadable for what is no whole picture of a format that is read */
export async function decodePicture(sharp: Sharp, bytes: Uint8Array, look: Look): Promise<Picture> {
  if (bytes.length === 0) throw new Unreadable('is an empty file');
  const format = formatOfBytes(bytes);
  if (!format) throw new Unreadable(`is no picture that can be read (it is none of ${READ_FORMATS})`);
  if (!format.isRead) throw new Unreadable(`is ${format.name}, which is not read (convert it to PNG)`);
  const options = { ignoreIcc: true, failOn: 'warning', limitInputPixels: MAX_PIXELS } as const;
  try {
    const pages = format.hasPages ? (await sharp(bytes, options).metadata()).pages : 1;
    const upright = sharp(bytes, options).autoOrient();
    const sized = look.size ? upright.resize({ ...look.size, ...RESIZE[look.fit] }) : upright;
    const { data, info } = await sized
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const flat = channels === 4 ? onWhite(data) : { pixels: data as Uint8Array, isTransparent: false };
    const pixels = look.channels === 1 ? greyOf(flat.pixels) : flat.pixels;
    return { width, height, pixels, isTransparent: flat.isTransparent, isFirstOfMany: (pages ?? 1) > 1 };
  } catch (error) {
    throw new Unreadable(whyUnreadable(messageOf(error)));
  }
}

const BLACK = { r: 0, g: 0, b: 0, alpha: 1 };
const RESIZE = {
  cover: { fit: 'cover' },
  contain: { fit: 'contain', background: BLACK },
  stretch: { fit: 'fill' },
} as const;

function whyUnreadable(message: string): string {
  if (/pixel limit/i.test(message))
    return `has more than ${Math.floor(MAX_PIXELS / 1e6)} million pixels (make it smaller)`;
  const [first] = message.trim().split('\n');
  // Another thread of the process has taken the reason: libvips has one place for those of all.
  const isLost = /failOn|Unknown error/.test(first!);
  const why = isLost
    ? 'damaged, or it ends too early'
    : first!.replace(/^(?:Input buffer has corrupt header: )?(?:Vips)?\w+: /i, '');
  return `is no picture that can be read (${why})`;
}

/** @param pixels red, green, blue and opacity, row by row */
function onWhite(pixels: Uint8Array): { pixels: Uint8Array; isTransparent: boolean } {
  const flat = new Uint8Array((pixels.length / 4) * 3);
  let isTransparent = false;
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    const opacity = pixels[from + 3]!;
    isTransparent ||= opacity < 255;
    for (let color = 0; color < 3; color++)
      flat[to + color] = Math.round((pixels[from + color]! * opacity) / 255 + 255 - opacity);
  }
  return { pixels: flat, isTransparent };
}

/** ITU-R 601-2 luma in the fixed-point numbers of Pillow, so that its bytes are these. */
function greyOf(pixels: Uint8Array): Uint8Array {
  const grey = new Uint8Array(pixels.length / 3);
  for (let at = 0; at < grey.length; at++) {
    const [red, green, blue] = [pixels[3 * at]!, pixels[3 * at + 1]!, pixels[3 * at + 2]!];
    grey[at] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return grey;
}
