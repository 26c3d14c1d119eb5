/**
 * Rules that look at each element by itself: the median and the trimmed mean (Yin et al. 2018, "Byzantine-robust
 * distributed learning: towards optimal statistical rates"). They stand up to what is far off; not to liars that
 * stay within the spread of the honest ones (ALIE).
 */

/** Of the workers, so many are left out at each end. */
const TRIMMED_SHARE = 0.25;

export const median = (vectors: readonly Float32Array[]): Float32Array =>
  byElement(vectors, (sorted) => {
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  });

export function trimmedMean(vectors: readonly Float32Array[]): Float32Array {
  const trimmed = Math.min(Math.ceil(TRIMMED_SHARE * vectors.length), (vectors.length - 1) >> 1);
  return byElement(vectors, (sorted) => {
    let sum = 0;
    for (let i = trimmed; i < sorted.length - trimmed; i++) sum += sorted[i]!;
    return sum / (sorted.length - 2 * trimmed);
  });
}

function byElement(vectors: readonly Float32Array[], reduce: (sorted: Float32Array) => number): Float32Array {
  const result = new Float32Array(vectors[0]!.length);
  const values = new Float32Array(vectors.length);
  for (let i = 0; i < result.length; i++) {
    for (let worker = 0; worker < vectors.length; worker++) values[worker] = vectors[worker]![i]!;
    result[i] = reduce(values.sort());
  }
  return result;
}
