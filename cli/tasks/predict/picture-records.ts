/** A picture as one record: made as large as those that the model was trained on, by the decoder of `--data images`. */
import { choiceOption } from '../../../coordinator/prepare/data/options.js';
import {
  decodePicture,
  loadSharp,
  Unreadable,
} from '../../../coordinator/prepare/data/sources/pictures/images/pixels/decode.js';
import type { SpecOptions } from '../../../coordinator/prepare/data/spec.js';
import type { RecordFormat } from '../../../shared/data/manifest.js';
import { UserError } from '../../../shared/user-error.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** @throws UserError naming the file */
export async function recordsOfPicture(
  title: string,
  bytes: Uint8Array,
  options: SpecOptions,
  { x, columns }: RecordFormat,
): Promise<UnlabeledRecords> {
  const [height, width, channels] = x.shape;
  const isTaken = x.dtype === 'uint8' && x.shape.length === 3 && (channels === 1 || channels === 3);
  if (!isTaken) {
    const takes = columns
      ? `a table with the columns ${columns.features.map(({ name }) => name).join(', ')}`
      : `arrays of records of shape (${x.shape.join(', ')}) and of ${x.dtype}`;
    throw new UserError(`${title} is a picture, and the model takes ${takes}`, 2);
  }
  const fit = choiceOption(options, 'fit', ['cover', 'contain', 'stretch'], 'cover');
  const size = { width: width!, height: height! };
  const sharp = await loadSharp(undefined, `${title} is a picture, and reading it`);
  try {
    const { pixels } = await decodePicture(sharp, bytes, { size, fit, channels });
    const note = `pictures are made as large as the model's: ${width}x${height}, fit=${fit}`;
    return { count: 1, x: Uint8Array.from(pixels), rows: [1], notes: [note] };
  } catch (error) {
    if (error instanceof Unreadable) throw new UserError(`${title} ${error.message}`);
    throw error;
  }
}
