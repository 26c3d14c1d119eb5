/** Rows of a table as records: what the model is fed, in float32. */
import type { Feature, Scaling } from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { scaled } from '../../../scaling/scaling.js';
import { cellPlace, textAt } from '../cells/table.js';
import type { Part } from '../picking/parts.js';
import { type Code, type Encoding, featuresOf } from './encoding.js';

/** A feature's values in a part's records, in float64, before they are scaled. */
export function valuesOf(
  { table, rows }: Part,
  column: number,
  { values, fill }: Code,
  { value }: Pick<Feature, 'value'>,
): Float64Array {
  const cells = table.columns[column]!;
  if (values) return Float64Array.from(rows, (row) => (textAt(table, row, column) === value ? 1 : 0));
  const numbers = new Float64Array(rows.length);
  const isWhole = fill === undefined || cells.odds.length === 0;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    numbers[at] = isWhole || !cells.oddAt(row) ? cells.numberAt(row) : fill;
  }
  return numbers;
}

/** The numbers to predict, in float64. */
export const labelsOf = ({ table, picked, rows }: Part): Float64Array =>
  Float64Array.from(rows, (row) => table.columns[picked.label]!.numberAt(row));

/** Hears of each feature of a part: its number in a record, and its values. */
type Visit = (at: number, values: Float64Array, column: number, feature: Feature) => void;

/** Feature by feature: all of them at once would take eight bytes a value. */
export function eachFeature(part: Part, { codes }: Encoding, visit: Visit): void {
  let at = 0;
  for (const [index, code] of codes.entries()) {
    const column = part.picked.features[index]!;
    for (const feature of featuresOf([code]))
      visit(at++, valuesOf(part, column, code, feature), column, feature);
  }
}

/** @throws UserError for a value that names no row of the layer's table */
export function refuseNoIndices(
  part: Part,
  encoding: Encoding,
  scalings: readonly Scaling[],
  { layer, below }: { layer: string; below: number },
): void {
  eachFeature(part, encoding, (at, values, column) => {
    for (const [record, given] of values.entries()) {
      const value = scaled(given, scalings[at]!);
      if (Number.isInteger(value) && value >= 0 && value < below) continue;
      throw new UserError(
        `${cellPlace(part.table, part.rows[record]!, column)}: ${value} is not an index of layer ${layer}, which has 0 to ${below - 1}`,
      );
    }
  });
}

/** @throws UserError where float32 cannot hold a scaled value: far from all that the model was trained on */
export function scaledRecords(part: Part, encoding: Encoding, scalings: readonly Scaling[]): Float32Array {
  const width = scalings.length;
  const x = new Float32Array(part.rows.length * width);
  eachFeature(part, encoding, (at, values, column) => {
    const scaling = scalings[at]!;
    for (let record = 0; record < values.length; record++)
      x[record * width + at] = rounded(part, record, column, values[record]!, scaling);
  });
  return x;
}

/** The numbers to predict. @throws UserError likewise */
export const scaledLabels = (part: Part, scaling: Scaling): Float32Array =>
  Float32Array.from(labelsOf(part), (value, record) =>
    rounded(part, record, part.picked.label, value, scaling),
  );

function rounded(
  { table, rows }: Part,
  record: number,
  column: number,
  value: number,
  scaling: Scaling,
): number {
  const fed = Math.fround(scaled(value, scaling));
  if (Number.isFinite(fed)) return fed;
  throw new UserError(
    `${cellPlace(table, rows[record]!, column)}: ${value} is ${scaled(value, scaling)} once standardized, beyond the numbers of float32`,
  );
}
