/** Whether the first line of a table names its columns. */
import { type DecimalMark, isMissing, isNumber, looksNumeric } from '../cells/number-field.js';

/** What columns with labels are mostly called. */
const LABEL_NAMES = /^(label|labels|class|target|category|species|outcome|y)$/i;

export interface HeaderClues {
  /** The first ones are enough. */
  rows: readonly (readonly string[])[];
  labelColumn: number;
  /** Names of columns that are known from elsewhere: from options, or from the other file. */
  known: readonly string[];
  decimal: DecimalMark;
}

/** `unclear`: the first line is partly numbers, partly text above numbers, and nothing tells. */
export function looksLikeHeader({ rows, labelColumn, known, decimal }: HeaderClues): boolean | 'unclear' {
  const [first, ...below] = rows;
  if (!first) return false;
  if (known.some((name) => first.includes(name))) return true;
  if (below.length === 0) return false;
  const isNumeric = (field: string) => isNumber(field, decimal);
  const isNumericBelow = (column: number) =>
    below.some((row) => isNumeric(row[column]!)) &&
    below.every((row) => isNumeric(row[column]!) || isMissing(row[column]!));
  const isText = (field: string) => !isMissing(field) && !looksNumeric(field);

  const label = first[labelColumn] ?? '';
  const isLonely = isText(label) && below.every((row) => row[labelColumn] !== label);
  if (isLonely && LABEL_NAMES.test(label)) return true;
  const others = first.filter((_, column) => column !== labelColumn);
  // A text above a number is a name; a label may be text in one row and a number in the next.
  const names = first.filter(
    (field, column) =>
      column !== labelColumn && isText(field) && below.some((row) => isNumeric(row[column]!)),
  );
  if (names.length === 0) return isLonely && isNumericBelow(labelColumn) ? 'unclear' : false;
  return others.some(looksNumeric) ? 'unclear' : true;
}
