/** A table of columns whose values have types, as soon as all of them are read. */
import { UserError } from '../../../../../../shared/user-error.js';
import { Column } from '../cells/column.js';
import { isNumber } from '../cells/number-field.js';
import type { ReadTable, TableRequest } from '../picking/reading.js';
import type { ValueColumn } from './value-column.js';

/** Whether a column is read at all: not what the options leave out. */
export function isUsed(name: string, { options, text }: TableRequest): boolean {
  if (text !== undefined && options.get('text') !== undefined) {
    const used = [text, options.get('label') ?? '-1', options.get('weight')];
    // A label without a name may be any column.
    return used.includes(name) || used.some((column) => column !== undefined && /^-?\d+$/.test(column));
  }
  if (options.list('drop').includes(name)) return false;
  const features = options.list('features');
  const labels = options.list('label');
  const others = [...labels, ...options.list('weight')];
  // A column without a name may be any.
  if (features.length === 0 || labels.length === 0 || others.some((column) => /^-?\d+$/.test(column)))
    return true;
  return [...others, ...features].some((used) => used === name || used.startsWith(`${name}[`));
}

export interface TypedRows {
  /** By name, in the order of the file; undefined: not read. */
  values: ReadonlyMap<string, ValueColumn | undefined>;
  rows: number;
  /** The names of classes, by column, where the file tells them. */
  classes?: ReadonlyMap<string, readonly string[]>;
  dialect: string;
  placeOf(row: number): string;
}

/** @throws UserError */
export function tableOf(
  request: TableRequest,
  { values, rows, classes, dialect, placeOf }: TypedRows,
): ReadTable {
  const { file } = request;
  const names: string[] = [];
  const columns: Column[] = [];
  const lists = new Map<string, number[]>();
  for (const [key, value] of values) {
    const name = key.normalize('NFC');
    const own = value?.done() ?? [[name, new Column()] as const];
    if (value?.isList)
      lists.set(
        name,
        own.map((_, at) => columns.length + at),
      );
    for (const [title, column] of own) {
      names.push(title.normalize('NFC'));
      columns.push(column);
    }
    const told = classes?.get(key);
    if (told) columns.at(-1)!.classes = told;
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new UserError(`${file} has two columns named '${name}': rename one`);
    seen.add(name);
  }
  const head = { ...{ file, names, lists, dialect }, width: names.length };
  const table = {
    ...{ ...head, columns, rows, placeOf },
    decimal: 'point' as const,
    hintOf: (text: string) =>
      isNumber(text, 'point') ? 'it is a text, in quotation marks: write it as a number' : undefined,
  };
  return { table, picked: request.pick(head) };
}
