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
  for (let i = 0; i < values.length; i++) mean[i % columns]! += (values[i]! * scale) / count;
  for (let i = 0; i < values.length; i++)
    variance[i % columns]! += (values[i]! * scale - mean[i % columns]!) ** 2 / count;
  const rounded = (value: number) => Number(value.toFixed(6));
  return {
    scale,
    mean: Array.from(mean, rounded),
    std: Array.from(variance, (value) => rounded(Math.sqrt(value)) || 1),
  };
}
