/** The rows to train on and the rows to test on: of one file, or of two. */
import { drawTest } from '../../../draw.js';
import type { SpecOptions } from '../../../spec.js';
import type { Table } from '../cells/table.js';
import { pickSame, wantedOf } from './columns.js';
import { type MissingChoice, missingOption, usedRows } from './missing.js';
import type { Picked, ReadTable, TableReader, TableRequest } from './reading.js';

/** The rows of one table that are used, in its order. */
export interface Sheet extends ReadTable {
  missing: MissingChoice;
  rows: readonly number[];
}

export interface Part {
  table: Table;
  picked: Picked;
  /** In the order of the records. */
  rows: readonly number[];
  /** Which rows these are, in words. */
  text: string;
}

export interface Parts {
  train: Part;
  test: Part;
  /** One or two. */
  sheets: Sheet[];
}

/**
 * @param notes what is to be told is added to them
 * @param pickOther chooses the columns of a test file; default: those of the first by their names
 * @throws UserError
 */
export async function split(
  read: TableReader,
  request: TableRequest,
  own: ReadTable,
  testFile: string | undefined,
  notes: string[],
  pickOther?: TableRequest['pick'],
): Promise<Parts> {
  const { options } = request;
  const train = sheetOf(own, options, notes);
  if (testFile === undefined) return drawn(train, options);
  const wanted = wantedOf(own.table, own.picked);
  const other = await read({
    ...request,
    file: testFile,
    known: wanted.named ? [...wanted.labels, ...wanted.features] : [],
    pick: pickOther ?? ((head) => pickSame(head, wanted, options, notes)),
  });
  const test = sheetOf(other, options, notes);
  return { train: whole(train), test: whole(test), sheets: [train, test] };
}

function sheetOf(read: ReadTable, options: SpecOptions, notes: string[]): Sheet {
  const missing = missingOption(read.table, options);
  return { ...read, missing, rows: usedRows(read.table, read.picked, missing, notes) };
}

const whole = ({ table, picked, rows }: Sheet): Part => ({
  ...{ table, picked, rows },
  text: `all ${rows.length} rows of ${table.file}`,
});

function drawn(sheet: Sheet, options: SpecOptions): Parts {
  const { table, picked, rows } = sheet;
  const { share, seed, train, test } = drawTest(rows.length, options);
  const part = (indices: number[]): Part => ({
    ...{ table, picked },
    rows: indices.map((index) => rows[index]!),
    text: `${indices.length} of the ${rows.length} rows of ${table.file}, drawn by test=${share}&seed=${seed}`,
  });
  return { train: part(train), test: part(test), sheets: [sheet] };
}
