/** Cells that are not what their column is read as: told with file, row, column and a remedy. */
import { UserError } from '../../../../../../shared/user-error.js';
import type { Odd } from './column.js';
import { looksLikeDate } from './looks.js';
import { cellPlace, dropHint, type Table } from './table.js';

/** A cell where a number was expected. */
export function numberFault(table: Table, row: number, column: number): UserError {
  const odd = table.columns[column]!.oddAt(row)!;
  const drop = dropHint(table, column);
  return new UserError(`${cellPlace(table, row, column)}: ${wrongIn(table, column, odd, drop)}`);
}

function wrongIn(table: Table, column: number, odd: Odd, drop: string): string {
  const { kind, text } = odd;
  if (kind === 'fault') return `${text} (${drop})`;
  if (kind === 'beyond') return `${text} is beyond the numbers of float32 (3.4e38): fix it (${drop})`;
  if (kind === 'missing')
    return `'${text}' is not a number (missing=drop leaves such rows out; ${drop}; missing=mean and missing=0 fill it in)`;
  const hints = [table.hintOf(text), drop];
  if (looksLikeDate(text)) hints.unshift('it looks like a date: write it as numbers');
  else if (holdsTexts(table, column)) hints.push('categories=onehot makes columns of its texts');
  return `'${text}' is not a number (${hints.filter((hint) => hint !== undefined).join('; ')})`;
}

/** Whether most cells are texts: a single one in a column of numbers is a slip. */
function holdsTexts({ columns, rows }: Table, column: number): boolean {
  const cells = columns[column]!;
  let texts = 0;
  for (let row = 0; row < rows; row++) if (cells.oddAt(row)?.kind === 'text') texts++;
  return texts > rows / 2;
}
