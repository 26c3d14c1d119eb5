/** A table in memory, whatever file it came from: its columns, their names, and where each row stands. */
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { ESCAPING, escapedName } from '../../../spec.js';
import type { Column } from './column.js';
import { classNameOf, type DecimalMark } from './number-field.js';

/** What is known of a table before its rows are read. */
export interface Head {
  file: string;
  width: number;
  /** Undefined where columns have none. */
  names: string[] | undefined;
  /** Columns that are one list in the file, by the name of the list. */
  lists?: ReadonlyMap<string, readonly number[]>;
  /** How it was read, for people. */
  dialect: string;
  /** What to do where the only column is not all that there should be. */
  widthHint?: string;
}

export interface Table extends Head {
  columns: readonly Column[];
  rows: number;
  decimal: DecimalMark;
  /** Whether columns are given by a model, so that none can be left out or made anew. */
  isFixed?: boolean;
  /** `FILE, line 3`: for errors. Rows count from 0. */
  placeOf(row: number): string;
  /** What to do about a text that is no number, where its notation tells. */
  hintOf(text: string): string | undefined;
}

/** The number of a column, from 0, or from the end where negative; undefined for what is none. */
export function indexOf(text: string, width: number): number | undefined {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  const column = number < 0 ? width + number : number;
  return column >= 0 && column < width ? column : undefined;
}

/** Finds columns by the name of one or of a list, or else by number. @throws UserError listing those that there are */
export function columnsOf(head: Head, text: string, option: string): readonly number[] {
  const { file, names, width, lists } = head;
  const name = text.normalize('NFC');
  const named = names?.indexOf(name) ?? -1;
  if (named >= 0) return [named];
  const list = lists?.get(name);
  if (list) return list;
  const column = indexOf(text, width);
  if (column !== undefined) return [column];
  throw new UserError(
    `${file} has no column ${text} (option ${option}); ${columnsInWords(head)}; ${ESCAPING}`,
    2,
  );
}

/** The same for one column. @throws UserError */
export function columnOf(head: Head, text: string, option: string): number {
  const [column, ...more] = columnsOf(head, text, option);
  if (more.length === 0) return column!;
  throw new UserError(
    `${head.file}: ${text} is a list of ${more.length + 1} values, option ${option} takes one column`,
    2,
  );
}

function columnsInWords({ names, width, dialect, widthHint }: Head): string {
  if (width === 1) return `it has only one column (${dialect}${widthHint ? `; ${widthHint}` : ''})`;
  if (names) return `columns are ${listed(names)}`;
  return `without a header, give a number from 0 to ${width - 1}`;
}

export const nameOf = ({ names }: Pick<Head, 'names'>, column: number): string =>
  names?.[column] ?? String(column);

/** A column in messages and options: one without a name goes by its number. */
export const titleOf = ({ names }: Pick<Head, 'names'>, column: number): string =>
  names?.[column] || String(column);

/** Where a cell stands, for errors. */
export const cellPlace = (table: Table, row: number, column: number): string =>
  `${table.placeOf(row)}, column ${titleOf(table, column)}`;

/** What leaves a column out, for errors. */
export function dropHint(head: Head, column: number): string {
  const list = [...(head.lists ?? [])].find(([, columns]) => columns.includes(column));
  return `drop=${escapedName(list?.[0] ?? titleOf(head, column))} leaves the column out`;
}

/** The name of the class, or of the category, that a cell means; undefined where nothing is there. */
export function textAt(table: Table, row: number, column: number): string | undefined {
  const cells = table.columns[column]!;
  const odd = cells.oddAt(row);
  if (odd?.kind === 'missing') return undefined;
  if (odd) return classNameOf(odd.text, table.decimal);
  const number = cells.numberAt(row);
  return cells.isBoolean ? String(number === 1) : String(number + 0);
}
