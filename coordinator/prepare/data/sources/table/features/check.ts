/** Every cell that is used can be read as what its column is: else the first fault of the file is told. */
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { escapedName } from '../../../spec.js';
import { numberFault } from '../cells/faults.js';
import { cellPlace, type Table, textAt, titleOf } from '../cells/table.js';
import type { Sheet } from '../picking/parts.js';
import { labelColumnsOf } from '../picking/reading.js';
import type { Code, Encoding } from './encoding.js';

/** What is wrong with a cell, if anything is. */
export type Check = (row: number) => (() => UserError) | undefined;

/** @throws UserError for the first fault, row by row */
export function checkCells(
  sheet: Sheet,
  { codes, unknown }: Encoding,
  label: (sheet: Sheet, column: number) => Check | undefined,
): void {
  const { table, picked, rows } = sheet;
  const checks = picked.features.map((column, at) => {
    const code = codes[at]!;
    return code.values ? categoryCheck(table, column, code, unknown) : numberCheck(table, column, code);
  });
  if (picked.label >= 0) checks.push(...labelColumnsOf(picked).map((column) => label(sheet, column)));
  let first: (() => UserError) | undefined;
  let before = rows.length;
  for (const check of checks) {
    if (!check) continue;
    for (let at = 0; at < before; at++) {
      const fault = check(rows[at]!);
      if (!fault) continue;
      first = fault;
      before = at;
    }
  }
  if (first) throw first();
}

/** Undefined where all is well with the whole column. */
function numberCheck(table: Table, column: number, { fill }: Pick<Code, 'fill'>): Check | undefined {
  const cells = table.columns[column]!;
  if (cells.odds.length === 0) return undefined;
  return (row) => {
    const odd = cells.oddAt(row);
    if (!odd || (odd.kind === 'missing' && fill !== undefined)) return undefined;
    return () => numberFault(table, row, column);
  };
}

function categoryCheck(table: Table, column: number, code: Code, unknown: Encoding['unknown']): Check {
  const known = new Set(code.values);
  const cells = table.columns[column]!;
  const title = titleOf(table, column);
  return (row) => {
    const odd = cells.oddAt(row);
    if (odd?.kind === 'missing') {
      if (code.fill !== undefined) return undefined;
      return () =>
        new UserError(
          `${cellPlace(table, row, column)}: '${odd.text}' is no category, and texts have no mean: missing=${escapedName(title)}:drop leaves such rows out, missing=${escapedName(title)}:0 makes all of its columns 0`,
        );
    }
    if (odd && odd.kind !== 'text') return () => numberFault(table, row, column);
    const text = textAt(table, row, column)!;
    if (known.has(text) || unknown === 'zeros') return undefined;
    return () =>
      new UserError(
        `${cellPlace(table, row, column)}: no training row has '${text}' (known are ${listed(code.values!, 10)}): unknown=zeros makes all columns of ${title} 0`,
      );
  };
}

/** Of a regression. */
export const numbersInCells = ({ table }: Sheet, column: number): Check | undefined =>
  numberCheck(table, column, {});

/** Of a class a row. */
export function classesOfCells({ table, missing: choice }: Sheet, column: number): Check {
  const cells = table.columns[column]!;
  const missing = choice.of(column);
  return (row) => {
    const odd = cells.oddAt(row);
    const number = odd ? 0 : cells.numberAt(row);
    if (Number.isInteger(number) && !Number.isSafeInteger(number))
      return () =>
        new UserError(
          `${cellPlace(table, row, column)}: ${number} is beyond 2^53, where float64 does not tell whole numbers apart: write labels as texts`,
        );
    if (odd?.kind === 'fault') return () => numberFault(table, row, column);
    if (odd?.kind !== 'missing' || missing === 'class') return undefined;
    return () =>
      new UserError(
        `${cellPlace(table, row, column)}: the label is missing ('${odd.text}'): missing=drop leaves such rows out, missing=class takes it for a class`,
      );
  };
}
