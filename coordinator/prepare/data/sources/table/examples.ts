/** Rows of a table as numbers and a label: read in the order of the file, so that its first fault is told. */
import { UserError } from '../../../../../shared/user-error.js';
import { choiceOption } from '../../options.js';
import type { SpecOptions } from '../../spec.js';
import { classOf, spellingNotes } from './classes.js';
import type { Picked } from './columns.js';
import { isMissing } from './number-field.js';
import { numberAt, type Table } from './table.js';

export interface Example {
  /** Where it stands, for errors. */
  file: string;
  line: number;
  /** The features as float64, in the order of a record's values. */
  values: Float64Array;
  /** The name of its class, or the number to predict. */
  label: string | number;
}

/** @param notes what is to be told is added to them. @throws UserError for the first field that cannot be read */
export function examplesOf(
  table: Table,
  { label, features }: Picked,
  options: SpecOptions,
  isRegression: boolean,
  notes: string[],
): Example[] {
  const missing = choiceOption(options, 'missing', ['refuse', 'drop', 'class'], 'refuse');
  const used = [label, ...features];
  const rows =
    missing === 'drop'
      ? table.rows.filter(({ fields }) => !used.some((column) => isMissing(fields[column]!)))
      : table.rows;
  const left = table.rows.length - rows.length;
  if (left > 0) {
    if (rows.length === 0)
      throw new UserError(`${table.file}: every row lacks a value, so missing=drop leaves none`);
    notes.push(`${table.file}: left out ${left} of ${table.rows.length} rows, which lack a value`);
  }
  if (!isRegression) notes.push(...spellingNotes(table, rows, label));
  return rows.map((row) => ({
    file: table.file,
    line: row.line,
    values: Float64Array.from(features, (column) => numberAt(table, row, column)),
    label: isRegression ? numberAt(table, row, label) : classOf(table, row, label, missing),
  }));
}
