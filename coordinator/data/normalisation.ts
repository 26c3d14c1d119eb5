import type { Normalisation, RecordArray } from '../../shared/manifest.js';

/**
 * Mean and standard deviation of the scaled training values, one for each of `columns` (the last axis).
 * Rounded to 6 decimals: they are told to people, and become part of the configuration.
 * A column that never changes keeps its scale (standard deviation 1).
 */
export function normalisationOf(values: RecordArray, columns: number, scale: number): Normalisation {
  const count = Math.max(1, values.length / columns);
  const mean = new Float64Array(columns);
  const variance = new Float64Array(columns);
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let i = column; i < values.length; i += columns) sum += (values[i]! * scale) / count;
    let squares = 0;
    for (let i = column; i < values.length; i += columns) {
      const difference = values[i]! * scale - sum;
      squares += (difference * difference) / count;
    }
    mean[column] = sum;
    variance[column] = squares;
  }
  const rounded = (value: number) => Number(value.toFixed(6));
  return {
    scale,
    mean: Array.from(mean, rounded),
    std: Array.from(variance, (value) => rounded(Math.sqrt(value)) || 1),
  };
}
