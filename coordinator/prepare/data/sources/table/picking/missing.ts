/** What becomes of cells in which nothing stands: refused, their rows left out, or filled in. */
import { UserError } from '../../../../../../shared/user-error.js';
import type { SpecOptions } from '../../../spec.js';
import { columnsOf, type Head, type Table } from '../cells/table.js';
import type { Picked } from './reading.js';

const KINDS = ['refuse', 'drop', 'class', 'mean', '0'] as const;
export type MissingKind = (typeof KINDS)[number];

export interface MissingChoice {
  of(column: number): MissingKind;
}

/** `missing=KIND` for all columns, `COLUMN:KIND` for one of them. @throws UserError */
export function missingOption(head: Head, options: SpecOptions): MissingChoice {
  let all: MissingKind = 'refuse';
  const byColumn = new Map<number, MissingKind>();
  const pairs = options.pairs('missing');
  for (const { key, value } of pairs) {
    const kind = kindOf(value ?? key);
    if (value === undefined) all = kind;
    else for (const column of columnsOf(head, key, 'missing')) byColumn.set(column, kind);
  }
  return { of: (column) => byColumn.get(column) ?? all };
}

function kindOf(text: string): MissingKind {
  const kind = KINDS.find((known) => known === text);
  if (kind) return kind;
  throw new UserError(
    `--data option missing must be ${KINDS.slice(0, -1).join(', ')} or ${KINDS.at(-1)}, for all columns or as COLUMN:drop for one, not ${text}`,
    2,
  );
}

/**
 * The rows that are used, in the order of the file: all but those in which a column of `missing=drop` has nothing.
 * @param notes is told how many are left out
 * @throws UserError if none is left
 */
export function usedRows(
  table: Table,
  { label, labels = [label], features, weight = -1 }: Picked,
  missing: MissingChoice,
  notes: string[],
): number[] {
  const dropping = [...labels, weight, ...features]
    .filter((column) => column >= 0 && missing.of(column) === 'drop')
    .map((column) => table.columns[column]!)
    .filter(({ odds }) => odds.some(({ kind }) => kind === 'missing'));
  const rows: number[] = [];
  for (let row = 0; row < table.rows; row++)
    if (!dropping.some((column) => column.oddAt(row)?.kind === 'missing')) rows.push(row);
  const left = table.rows - rows.length;
  if (rows.length === 0)
    throw new UserError(`${table.file}: every row lacks a value, so missing=drop leaves none`);
  if (left > 0) notes.push(`${table.file}: left out ${left} of ${table.rows} rows, which lack a value`);
  return rows;
}
