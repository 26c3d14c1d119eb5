/** How large pictures become, and of how many colors: as the options say, or as a model was trained on. */
import type { RecordFormat } from '../../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../../shared/user-error.js';
import { choiceOption } from '../../../../options.js';
import type { SpecOptions } from '../../../../spec.js';
import type { Look } from './decode.js';

/** @throws UserError */
export function lookOf(
  options: SpecOptions,
  trained: RecordFormat | undefined,
): { look: Look; notes: string[] } {
  const fit = choiceOption(options, 'fit', ['cover', 'contain', 'stretch'], 'cover');
  const given = sizeOption(options);
  const known = trained && sizeOfTrained(trained);
  if (options.get('fit') !== undefined && !given && !known)
    throw new UserError(
      '--data option fit says how pictures are made to fit size=WIDTHxHEIGHT, which is missing',
      2,
    );
  const grey = choiceOption(options, 'grey', ['0', '1'], known?.channels === 1 ? '1' : '0');
  const size = given ?? (known && { width: known.width, height: known.height });
  const look: Look = { size, fit, channels: grey === '1' ? 1 : 3 };
  const isAsTrained = known !== undefined && !given;
  return {
    look,
    notes: isAsTrained
      ? [`pictures are made as large as the model's: ${known.width}x${known.height}, fit=${fit}`]
      : [],
  };
}

function sizeOption(options: SpecOptions): Look['size'] {
  const text = options.get('size');
  if (text === undefined) return undefined;
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text) ?? [];
  if (width === undefined)
    throw new UserError(`--data option size must be WIDTHxHEIGHT in pixels, such as 64x64, not ${text}`, 2);
  return { width: Number(width), height: Number(height) };
}

/** Undefined where the model takes no pictures: its shape is then told against theirs. */
function sizeOfTrained({ x }: RecordFormat) {
  const [height, width, channels] = x.shape;
  return x.shape.length === 3 ? { width: width!, height: height!, channels } : undefined;
}
