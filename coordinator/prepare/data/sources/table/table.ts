/** A file of rows and columns, as text fields: read, cut, and its columns named. */
import { parse } from 'csv-parse/sync';
import { messageOf, UserError } from '../../../../../shared/user-error.js';
import { decodeText, lineAt } from '../../files/decode.js';
import { readDataFile } from '../../files/files.js';
import { choiceOption, wholeOption } from '../../options.js';
import { ESCAPING, escapedName, type SpecOptions } from '../../spec.js';
import { delimiterName, delimiterOption, findDelimiter } from './dialect.js';
import { looksLikeHeader } from './header.js';
import { type DecimalMark, hintOf, isNumber, numberOf } from './number-field.js';

/** Rows looked at for a header. */
const HEADER_ROWS = 100;

export interface Row {
  fields: string[];
  /** Where it ends, for errors: the test set may come from a file of its own. Lines count from 1. */
  file: string;
  line: number;
}

export interface Table {
  file: string;
  width: number;
  /** Undefined without a header. */
  names: string[] | undefined;
  rows: Row[];
  decimal: DecimalMark;
  /** How it was read, for people. */
  dialect: string;
}

/** @param known names of columns that are known from elsewhere, by which a header is recognized. @throws UserError */
export async function readTable(
  file: string,
  options: SpecOptions,
  known: readonly string[],
): Promise<Table> {
  return tableOf(file, await readDataFile(file), options, known);
}

/** @param file what the bytes are called in errors. @throws UserError */
export function tableOf(
  file: string,
  bytes: Uint8Array,
  options: SpecOptions,
  known: readonly string[],
): Table {
  const skip = wholeOption(options, 'skip', 0);
  const decimal = choiceOption(options, 'decimal', ['point', 'comma'], 'point');
  const text = decodeText(file, bytes, options.get('encoding'));
  const delimiter = delimiterOption(options) ?? findDelimiter(withoutLines(text, skip));
  const rows = cut(file, text, delimiter, skip);
  if (rows.length === 0) throw new UserError(`${file} holds no rows`);
  const width = rows[0]!.fields.length;
  for (const { fields, line } of rows) {
    if (fields.length === width) continue;
    throw new UserError(
      `${file}, line ${line}: ${fields.length} fields, the first row has ${width} (skip=N leaves out lines at the top); the delimiter is a ${delimiterName(delimiter)} (delimiter=NAME gives another)`,
    );
  }
  const hasNames = hasHeader({ file, rows, width, decimal }, options, known);
  const names = hasNames ? rows.shift()!.fields.map((name) => name.normalize('NFC')) : undefined;
  if (rows.length === 0) throw new UserError(`${file} holds a header and no rows`);
  const twice = names?.find((name, column) => names.indexOf(name) !== column);
  if (twice !== undefined) {
    throw new UserError(
      `${file} has two columns named '${twice}': rename one, or count columns by header=false&skip=${skip + 1}`,
    );
  }
  const dialect = `delimiter ${delimiterName(delimiter)}, ${names ? 'columns named by its first line' : 'no header'}`;
  return { file, width, names, rows, decimal, dialect };
}

function cut(file: string, text: string, delimiter: string, skip: number): Row[] {
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parse(text, {
      delimiter,
      // All of them, wherever they stand: files are put together from others.
      record_delimiter: ['\r\n', '\n', '\r'],
      trim: true,
      skip_empty_lines: true,
      from_line: skip + 1,
      info: true,
      relax_column_count: true,
    }) as unknown as typeof parsed;
  } catch (error) {
    throw new UserError(`${file}, ${quoteFault(text, error)}`);
  }
  // Blanks within quotes are no part of a name either.
  return parsed.map(({ record, info }) => ({
    fields: record.map((field) => field.trim()),
    file,
    line: info.lines,
  }));
}

/** The parser takes every table but one whose quotation marks are wrong. */
function quoteFault(text: string, error: unknown): string {
  const { code, lines } = error as { code?: string; lines?: number };
  if (code === 'CSV_QUOTE_NOT_CLOSED')
    return `line ${lineAt(text, text.lastIndexOf('"'))}: a quotation mark opens a field that never ends`;
  return `line ${lines}: a quotation mark in the middle of a field (or no table: ${messageOf(error)}): put such a field into quotation marks, and double those within it`;
}

function withoutLines(text: string, count: number): string {
  const lines = /\r\n|\n|\r/g;
  for (let left = count; left > 0; left--) if (!lines.exec(text)) return '';
  return text.slice(lines.lastIndex);
}

function hasHeader(
  { file, rows, width, decimal }: Pick<Table, 'file' | 'rows' | 'width' | 'decimal'>,
  options: SpecOptions,
  known: readonly string[],
): boolean {
  const given = choiceOption(options, 'header', ['true', 'false', 'auto'], 'auto');
  if (given !== 'auto') return given === 'true';
  const label = options.get('label') ?? '-1';
  const index = indexOf(label, width);
  const found = looksLikeHeader({
    rows: rows.slice(0, HEADER_ROWS).map(({ fields }) => fields),
    labelColumn: index ?? width - 1,
    known: index === undefined ? [...known, label] : known,
    decimal,
  });
  if (found !== 'unclear') return found;
  throw new UserError(
    `${file}, line ${rows[0]!.line}: partly numbers, partly text: header=true if it names the columns, header=false if it is a row`,
  );
}

/** The number of a column, from 0, or from the end where negative; undefined for what is none. */
function indexOf(text: string, width: number): number | undefined {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  const column = number < 0 ? width + number : number;
  return column >= 0 && column < width ? column : undefined;
}

/** Finds a column by its name, or else by its number. @throws UserError listing the columns that there are */
export function columnOf(table: Table, text: string, option: string): number {
  const { file, names, width } = table;
  const named = names?.indexOf(text.normalize('NFC')) ?? -1;
  const column = named >= 0 ? named : indexOf(text, width);
  if (column !== undefined) return column;
  throw new UserError(
    `${file} has no column ${text} (option ${option}); ${columnsInWords(table)}; ${ESCAPING}`,
    2,
  );
}

function columnsInWords({ names, width, dialect }: Table): string {
  if (width === 1) return `it has only one column (${dialect}; delimiter=NAME gives another)`;
  if (names) return `columns are ${names.join(', ')}`;
  return `without a header, give a number from 0 to ${width - 1}`;
}

export const nameOf = ({ names }: Pick<Table, 'names'>, column: number): string =>
  names?.[column] ?? String(column);

/** A column in messages and options: one without a name goes by its number. */
export const titleOf = ({ names }: Pick<Table, 'names'>, column: number): string =>
  names?.[column] || String(column);

/**
 * The number in a field.
 * @param isNeeded whether the column cannot be left out
 * @throws UserError where there is none, or one that float32 cannot hold
 */
export function numberAt(table: Table, row: Row, column: number, isNeeded = false): number {
  const field = row.fields[column]!;
  const value = numberOf(field, table.decimal);
  if (Number.isFinite(Math.fround(value))) return value;
  const name = titleOf(table, column);
  const where = `${row.file}, line ${row.line}, column ${name}`;
  const drop = isNeeded ? [] : [`drop=${escapedName(name)} leaves the column out`];
  const told = (remedies: string[]) => (remedies.length > 0 ? ` (${remedies.join('; ')})` : '');
  if (isNumber(field, table.decimal))
    throw new UserError(`${where}: ${field} is beyond the numbers of float32 (3.4e38): fix it${told(drop)}`);
  const hint = hintOf(field, table.decimal);
  throw new UserError(`${where}: '${field}' is not a number${told([...(hint ? [hint] : []), ...drop])}`);
}
