/** What an operation of `--augment` is given: a picture as it is stored, rows of pixels of some channels each. */
import type { Random } from '../../numerics/random.js';
import type { RecordArray } from '../manifest.js';

export interface PictureShape {
  height: number;
  width: number;
  channels: number;
}

/** The sides of a picture fit the 32-bit arithmetic of a rotation. */
export const MAX_SIDE = 8192;

/**
 * Changes one picture in place. Uses whole numbers and single IEEE operations only, so that every runtime gives the
 * same bits; takes its chance from `random`.
 * @param picture height x width x channels values, bytes or float32
 * @param scratch as long, of the same type; holds anything
 */
export type Operation = (
  picture: RecordArray,
  scratch: RecordArray,
  shape: PictureShape,
  random: Random,
) => void;
