/** `weight=COLUMN`: what each training row counts. */
import { UserError } from '../../../../../../shared/user-error.js';
import { checkedWeights } from '../../../labels/record-weights.js';
import { cellPlace } from '../cells/table.js';
import type { Part } from '../picking/parts.js';

/** @returns nothing where no column is asked for. @throws UserError for the first cell that is no weight */
export function weightsOfRows({ table, picked: { weight }, rows }: Part): Float32Array | undefined {
  if (weight === undefined) return undefined;
  const cells = table.columns[weight]!;
  const placeOf = (record: number) => cellPlace(table, rows[record]!, weight);
  const numbers = Float64Array.from(rows, (row, record) => {
    const odd = cells.oddAt(row);
    if (!odd) return cells.numberAt(row);
    const remedy = odd.kind === 'missing' ? ' (missing=drop leaves such rows out)' : '';
    throw new UserError(
      `${placeOf(record)}: '${odd.text}' is no weight: give a number of at least 0${remedy}`,
    );
  });
  return checkedWeights(numbers, placeOf);
}
