/**
 * Rules that look at each element by itself: the median and the trimmed mean (Yin et al. 2018, "Byzantine-robust
 * distributed learning: towards optimal statistical rates"). They resist outliers, but not liars that
 * stay within the spread of the honest ones (ALIE).
 */

/** The share of workers that is left out at each end. */
const TRIMMED_SHARE = 0.25;

type Vector = Float32Array | Float64Array;

export const median = <V extends Vector>(vectors: readonly V[]): V =>
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

function byElement<V extends Vector>(vectors: readonly V[], reduce: (sorted: V) => number): V {
  const like = vectors[0]!.constructor as new (length: number) => V;
  const result = new like(vectors[0]!.length);
  const values = new like(vectors.length);
  for (let i = 0; i < result.length; i++) {
    for (let worker = 0; worker < vectors.length; worker++) values[worker] = vectors[worker]![i]!;
    values.sort();
    result[i] = reduce(values);
  }
  return result;
}
