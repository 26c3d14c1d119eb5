/** The operations of `--augment`: a row each. To add one, add a file and its row; PROTOCOL.md and docs/data.md list them. */
import { brightness } from './brightness.js';
import { crop } from './crop.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';
import type { Operation, PictureShape } from './picture.js';
import { rotate } from './rotate.js';

export interface OperationRow {
  name: string;
  /** As the help shows it. */
  usage: string;
  /** Absent: it takes no number. */
  takes?: { must: string; fits(value: number): boolean };
  /** What is wrong with the number for pictures of this size; undefined: nothing. */
  misfit?(value: number, shape: PictureShape): string | undefined;
  make(value: number): Operation;
}

const within = (most: number) => (value: number) => Number.isInteger(value) && value >= 1 && value <= most;

const lessThanSides = (value: number, { height, width }: PictureShape) =>
  value < Math.min(height, width) ? undefined : `pictures have ${height} x ${width} pixels: give fewer`;

export const OPERATIONS: readonly OperationRow[] = [
  { name: 'flip', usage: 'flip', make: flip },
  {
    name: 'crop',
    usage: 'crop:PIXELS',
    takes: { must: 'a whole number of pixels of at least 1', fits: within(4096) },
    misfit: lessThanSides,
    make: crop,
  },
  {
    name: 'rotate',
    usage: 'rotate:DEGREES',
    takes: { must: 'a whole number of degrees from 1 to 180', fits: within(180) },
    make: rotate,
  },
  {
    name: 'cutout',
    usage: 'cutout:PIXELS',
    takes: { must: 'a whole number of pixels of at least 1', fits: within(4096) },
    misfit: lessThanSides,
    make: cutout,
  },
  {
    name: 'brightness',
    usage: 'brightness:SHARE',
    takes: { must: 'a number above 0 and up to 1', fits: (value) => value > 0 && value <= 1 },
    make: brightness,
  },
];
