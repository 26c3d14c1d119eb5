/** Columns of texts: which values there are, and what makes it clear that they are no categories. */
import { UserError } from '../../../../../../shared/user-error.js';
import { looksLikeDate, looksLikeSentence } from '../cells/looks.js';
import { dropHint, textAt, titleOf } from '../cells/table.js';
import type { Part } from '../picking/parts.js';

/** Columns of 0 and 1 that one column may become. */
const MOST = 1000;
/** Names of rows are suspected from so many different values on. */
const MANY = 20;

export function holdsText({ table, rows }: Part, column: number): boolean {
  const cells = table.columns[column]!;
  if (!cells.odds.some(({ kind }) => kind === 'text')) return false;
  return rows.some((row) => cells.oddAt(row)?.kind === 'text');
}

/**
 * The different values of a column's training rows, in the order of their characters.
 * @throws UserError for dates, free text, and what is different in nearly every row
 */
export function categoriesOf(train: Part, column: number): string[] {
  const { table, rows } = train;
  const found = new Set<string>();
  for (const row of rows) {
    const text = textAt(table, row, column);
    if (text !== undefined) found.add(text);
  }
  const values = [...found].sort((a, b) => (a < b ? -1 : 1));
  const why = whyNone(values, rows.length);
  if (why === undefined) return values;
  throw new UserError(
    `${table.file}, column ${titleOf(table, column)}: ${why}: no categories (${dropHint(table, column)})`,
  );
}

function whyNone(values: readonly string[], rows: number): string | undefined {
  const most = (looks: (text: string) => boolean) => values.filter(looks).length > values.length / 2;
  const example = `'${values[0]?.slice(0, 60)}'`;
  if (most(looksLikeDate)) return `dates or times such as ${example}, which are to be written as numbers`;
  if (most(looksLikeSentence) && values.length > 2) return `free text such as ${example}`;
  if (values.length > MOST) return `${values.length} different values, more than ${MOST}, such as ${example}`;
  if (values.length > MANY && values.length > rows / 2)
    return `${values.length} different values in ${rows} rows, such as ${example}`;
  return undefined;
}
