/** The rows to train on and the rows to test on: of one file, or of two. */
import { Random } from '../../../../../shared/numerics/random.js';
import { UserError } from '../../../../../shared/user-error.js';
import { wholeOption } from '../../options.js';
import type { SpecOptions } from '../../spec.js';
import { type Picked, pickSame, wantedOf } from './columns.js';
import { type Example, examplesOf } from './examples.js';
import { readTable, type Table } from './table.js';

export interface Part {
  examples: Example[];
  /** Which rows these are, in words. */
  text: string;
}

export interface Parts {
  train: Part;
  test: Part;
}

/** @param notes what is to be told is added to them. @throws UserError */
export async function split(
  table: Table,
  picked: Picked,
  options: SpecOptions,
  isRegression: boolean,
  notes: string[],
): Promise<Parts> {
  const testFile = options.get('testfile');
  const whole = (of: Table, columns: Picked): Part => {
    const examples = examplesOf(of, columns, options, isRegression, notes);
    return { examples, text: `all ${examples.length} rows of ${of.file}` };
  };
  if (testFile !== undefined) {
    const wanted = wantedOf(table, picked);
    const other = await readTable(testFile, options, wanted.named ? [wanted.label, ...wanted.features] : []);
    return {
      train: whole(table, picked),
      test: whole(other, pickSame(other, wanted, options, notes)),
    };
  }
  const share = options.get('test') ?? '0.2';
  const fraction = Number(share || Number.NaN);
  if (!(fraction > 0 && fraction < 1))
    throw new UserError(`--data option test must be a share above 0 and below 1, not ${share}`, 2);
  const seed = wholeOption(options, 'seed', 1);
  const { examples } = whole(table, picked);
  const shuffled = shuffle(examples, new Random(seed));
  const testCount = Math.max(1, Math.round(examples.length * fraction));
  const part = (some: Example[]): Part => ({
    examples: some,
    text: `${some.length} of the ${examples.length} rows of ${table.file}, drawn by test=${share}&seed=${seed}`,
  });
  return { train: part(shuffled.slice(testCount)), test: part(shuffled.slice(0, testCount)) };
}

function shuffle<T>(values: readonly T[], random: Random): T[] {
  const shuffled = [...values];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
