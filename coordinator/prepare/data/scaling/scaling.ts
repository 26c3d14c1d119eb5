/** Mean and standard deviation of columns of numbers, and the numbers with mean 0 and deviation 1, in float64. */
import { AS_IT_IS, type Scaling } from '../../../../shared/data/manifest.js';

/**
 * Of the population, for any scale and any offset: computed on (v - first) / range, so that neither squares nor
 * sums leave float64. A column that never changes has deviation 1, and becomes 0.
 * @param values all finite
 */
export function scalingOf(values: ArrayLike<number>): Scaling {
  const count = values.length;
  if (count === 0) return AS_IT_IS;
  const first = values[0]!;
  let [least, greatest] = [first, first];
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const range = greatest - least;
  if (range === 0) return { mean: first, std: 1 };
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (values[i]! - first) / range;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += ((values[i]! - first) / range - mean) ** 2;
  return { mean: first + mean * range, std: Math.sqrt(squares / count) * range || range };
}

/** Scales a value in float64; the caller rounds the result to float32, once. */
export const scaled = (value: number, { mean, std }: Scaling): number => (value - mean) / std;
