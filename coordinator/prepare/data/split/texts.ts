/** Options of a run that mean nothing for texts, or mean something for them alone. */
import { UserError } from '../../../../shared/user-error.js';
import type { DataSet } from '../source.js';

export interface TextOptions {
  /** `--max-length`. */
  maxLength?: number | undefined;
  /** `--shuffle`. */
  shuffle?: string | undefined;
}

/** @throws UserError */
export function refuseForTexts(
  { maxLength, shuffle }: TextOptions,
  { name, tokens, x, stored }: Pick<DataSet, 'name' | 'tokens' | 'x' | 'stored'>,
): void {
  if (maxLength !== undefined && !tokens)
    throw new UserError(
      `--max-length ${maxLength} is for texts, and the records of ${name} have one length: leave it out, or say which column has the texts (--data option text=COLUMN)`,
      2,
    );
  if (maxLength !== undefined && stored && maxLength !== x.shape[0])
    throw new UserError(
      `--max-length ${maxLength}: ${name} was built with texts of up to ${x.shape[0]} tokens; leave it out, or build the set again (--data option max-length)`,
      2,
    );
  if (tokens && shuffle !== undefined && shuffle !== 'full')
    throw new UserError(
      `--shuffle ${shuffle}: the texts of ${name} are stored in the order of their lengths, so that only a shuffle of all mixes them; give --shuffle full, or leave it out`,
      2,
    );
}
