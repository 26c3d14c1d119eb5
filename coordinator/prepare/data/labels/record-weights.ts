/** What training records count, from wherever it comes: the same bounds for all sources. */
import { UserError } from '../../../../shared/user-error.js';

/**
 * @param placeOf where the weight of a record stands, for errors
 * @throws UserError for a weight below 0 or beyond float32, and where all are 0
 */
export function checkedWeights(given: ArrayLike<number>, placeOf: (record: number) => string): Float32Array {
  const weights = Float32Array.from(given);
  for (const [record, weight] of weights.entries())
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new UserError(`${placeOf(record)}: ${given[record]} is no weight: give a number of at least 0`);
  if (weights.length > 0 && !weights.some((weight) => weight > 0))
    throw new UserError(`${placeOf(0)}: all training records have weight 0, so nothing would be learned`);
  return weights;
}

/** What is told of them. */
export const weightsNote = (title: string, weights: Float32Array): string => {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const mean = Number((sum / weights.length).toPrecision(4));
  return `${title} is what each training record counts: ${mean} in the mean, which the step's mean is not divided by`;
};
