/** Formats of pictures: by how a file's name ends, and by how its bytes begin. */

interface Format {
  name: string;
  endings: readonly string[];
  /** The first bytes, in hexadecimal. */
  begins: RegExp;
  /** Whether it is read. What is not is known all the same, so that it can be told what to do. */
  isRead: boolean;
  /** Whether a file can hold several pictures. */
  hasPages?: boolean;
}

const FORMATS: readonly Format[] = [
  { name: 'JPEG', endings: ['jpg', 'jpeg', 'jpe', 'jfif'], begins: /^ffd8ff/, isRead: true },
  { name: 'PNG', endings: ['png', 'apng'], begins: /^89504e470d0a1a0a/, isRead: true },
  { name: 'WebP', endings: ['webp'], begins: /^52494646.{8}57454250/, isRead: true, hasPages: true },
  { name: 'GIF', endings: ['gif'], begins: /^4749463837|^4749463839/, isRead: true, hasPages: true },
  {
    name: 'TIFF',
    endings: ['tif', 'tiff'],
    begins: /^49492[ab]00|^4d4d002[ab]/,
    isRead: true,
    hasPages: true,
  },
  // The brand of an `ftyp` box: avif, avis.
  { name: 'AVIF', endings: ['avif'], begins: /^.{8}66747970617669(?:66|73)/, isRead: true },
  { name: 'BMP', endings: ['bmp', 'dib'], begins: /^424d/, isRead: false },
  // heic, heix, hevc, mif1 and their kin.
  {
    name: 'HEIC',
    endings: ['heic', 'heif'],
    begins: /^.{8}66747970(?:6865|6d696631|6d736631)/,
    isRead: false,
  },
  { name: 'JPEG XL', endings: ['jxl'], begins: /^ff0a|^0000000c4a584c20/, isRead: false },
  { name: 'JPEG 2000', endings: ['jp2', 'j2k'], begins: /^0000000c6a502020|^ff4fff51/, isRead: false },
  // `<?xml` or `<svg` behind blanks.
  {
    name: 'SVG',
    endings: ['svg'],
    begins: /^(?:efbbbf)?(?:09|0a|0d|20)*3c(?:3f786d6c|737667)/,
    isRead: false,
  },
  { name: 'ICO', endings: ['ico'], begins: /^00000100/, isRead: false },
  { name: 'Photoshop', endings: ['psd'], begins: /^38425053/, isRead: false },
  {
    name: 'netpbm',
    endings: ['ppm', 'pgm', 'pbm', 'pnm'],
    begins: /^503[1-7](?:09|0a|0d|20)/,
    isRead: false,
  },
];

/** As much as any of these looks at, and some blanks. */
const BEGINNING = 64;

/** The format of a file's bytes; undefined for none that is known. */
export function formatOfBytes(bytes: Uint8Array): Format | undefined {
  const hex = Buffer.from(bytes.subarray(0, BEGINNING)).toString('hex');
  return FORMATS.find(({ begins }) => begins.test(hex));
}

/** Whether a file is a picture by its name, of a format that is read or not. */
export function isPictureName(path: string): boolean {
  const ending = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  return ending !== undefined && FORMATS.some(({ endings }) => endings.includes(ending));
}

/** Those that are read, in words. */
export const READ_FORMATS = FORMATS.filter(({ isRead }) => isRead)
  .map(({ name }) => name)
  .join(', ');
