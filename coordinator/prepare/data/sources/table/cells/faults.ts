/** Cells that are not what their column is read as: told with file, row, column and a remedy. */
import { UserError } from '../../../../../../shared/user-error.js';
import type { Odd } from './column.js';
import { looksLikeDate } from './looks.js';
import { cellPlace, dropHint, type Table } from './table.js';

/** A cell where a number was expected. */
export function numberFault(table: Table, row: number, column: number): UserError {
  const odd = table.columns[column]!.oddAt(row)!;
  return new UserError(`${cellPlace(table, row, column)}: ${wrongIn(table, column, odd)}`);
}

function wrongIn(table: Table, column: number, { kind, text }: Odd): string {
  const { isFixed } = table;
  const drop = isFixed ? [] : [dropHint(table, column)];
  if (kind === 'fault') return `${text}${inBrackets(drop)}`;
  if (kind === 'beyond')
    return `${text} is beyond the numbers of float32 (3.4e38): fix it${inBrackets(drop)}`;
  if (kind === 'missing') {
    const fill = isFixed ? [] : ['missing=mean and missing=0 fill it in'];
    return `'${text}' is not a number${inBrackets(['missing=drop leaves such rows out', ...drop, ...fill])}`;
  }
  const hint = table.hintOf(text);
  const hints = [...(hint === undefined ? [] : [hint]), ...drop];
  if (looksLikeDate(text)) hints.unshift('it looks like a date: write it as numbers');
  else if (!isFixed && holdsTexts(table, column)) hints.push('categories=onehot makes columns of its texts');
  return `'${text}' is not a number${inBrackets(hints)}`;
}

const inBrackets = (hints: readonly string[]): string => (hints.length > 0 ? ` (${hints.join('; ')})` : '');

/** Whether most cells are texts: a single one in a column of numbers is a slip. */
function holdsTexts({ columns, rows }: Table, column: number): boolean {
  const cells = columns[column]!;
  let texts = 0;
  for (let row = 0; row < rows; row++) if (cells.oddAt(row)?.kind === 'text') texts++;
  return texts > rows / 2;
}
