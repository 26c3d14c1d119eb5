/** Labels as classes: their names, their order, and what makes one suspect that they are none. */
import { UserError } from '../../../../../shared/user-error.js';
import { escapedName } from '../../spec.js';
import { classNameOf, isMissing, isNumber } from './number-field.js';
import { type Row, type Table, titleOf } from './table.js';

/** Classes are suspect from so many on: of whole numbers and of texts, and of numbers with decimals. */
const [MANY, FEW] = [10, 3];

/** @throws UserError for a label that is missing, unless `missing=class` takes it for a class */
export function classOf(table: Table, row: Row, label: number, missing: string): string {
  const field = row.fields[label]!;
  if (missing === 'class' || !isMissing(field)) return classNameOf(field, table.decimal);
  throw new UserError(
    `${row.file}, line ${row.line}, column ${titleOf(table, label)}: the label is missing ('${field}'): missing=drop leaves such rows out, missing=class takes it for a class`,
  );
}

/** Spellings of one class that are told. */
const TOLD = 4;

/** Tells of labels that are written in several ways, and are one class. */
export function spellingNotes(table: Table, rows: readonly Row[], label: number): string[] {
  const spellings = new Map<string, Set<string>>();
  for (const { fields } of rows) {
    const field = fields[label]!;
    const name = classNameOf(field, table.decimal);
    spellings.set(name, (spellings.get(name) ?? new Set()).add(field));
  }
  const joined = [...spellings.values()].filter(({ size }) => size > 1);
  if (joined.length === 0) return [];
  const [example] = joined;
  const rest = joined.length > 1 ? `, and likewise ${joined.length - 1} more` : '';
  return [
    `${table.file}, column ${titleOf(table, label)}: ${[...example!].slice(0, TOLD).join(' and ')} are one class${rest}`,
  ];
}

/** Numbers in their order, or else texts in theirs. @throws UserError unless there are two */
export function orderedClasses(found: ReadonlySet<string>): string[] {
  const names = [...found];
  const isNumeric = names.every((name) => isNumber(name, 'point'));
  names.sort((a, b) => (isNumeric ? Number(a) - Number(b) : a < b ? -1 : 1));
  if (names.length < 2)
    throw new UserError(`the label has only one value (${names[0]}): nothing to tell apart`, 2);
  return names;
}

/** Said where the classes look like measurements, or like names of rows. */
export function suspicionOf(column: string, names: readonly string[], rows: number): string | undefined {
  const isNumeric = names.every((name) => isNumber(name, 'point'));
  const isWhole = names.every((name) => Number.isInteger(Number(name)));
  if (names.length < (isNumeric && !isWhole ? FEW : MANY)) return undefined;
  const isRare = names.length > rows / 5;
  if (isNumeric && (!isWhole || isRare))
    return `the label ${column} is numeric and becomes ${names.length} classes of ${rows} rows: task=regression predicts the number`;
  if (isRare && names.length > rows / 2)
    return `the label ${column} has ${names.length} different texts in ${rows} rows: label=NAME gives another column; this one can be left out by drop=${escapedName(column)}`;
  return undefined;
}
