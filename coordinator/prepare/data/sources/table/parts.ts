/** The rows to train on and the rows to test on: of one file, or of two. */
import { drawTest } from '../../draw.js';
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
  const { examples } = whole(table, picked);
  const { share, seed, ...drawn } = drawTest(examples.length, options);
  const part = (rows: number[]): Part => ({
    examples: rows.map((row) => examples[row]!),
    text: `${rows.length} of the ${examples.length} rows of ${table.file}, drawn by test=${share}&seed=${seed}`,
  });
  return { train: part(drawn.train), test: part(drawn.test) };
}
