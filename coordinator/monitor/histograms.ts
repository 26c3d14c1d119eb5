/**
 * Histograms of weights and gradients, of a sample of at most some thousand elements of each weight: the
 * cost does not grow with the model. Elements are taken at even distances.
 */
import type { Layout } from '../../shared/numerics/layout.js';
import type { HistogramView, WeightHistograms } from '../../shared/status/monitoring.js';

const SAMPLES_OF_WEIGHT = 2048;
const MAX_BINS = 48;
const MIN_BINS = 6;

/** Takes the same elements of any vector of a layout, chunk by chunk. */
export class Sampler {
  /** Indices within the flat vector, rising. */
  private readonly indices: Uint32Array;
  /** Where the samples of each weight begin, and where the last one's end. */
  private readonly bounds: number[] = [0];

  constructor(private readonly layout: Layout) {
    const indices = layout.slots.flatMap(({ offset, size }) => {
      const count = Math.min(size, SAMPLES_OF_WEIGHT);
      this.bounds.push(this.bounds.at(-1)! + count);
      return Array.from({ length: count }, (_, i) => offset + Math.floor((i * size) / count));
    });
    this.indices = Uint32Array.from(indices);
  }

  /** A vector for the samples; NaN where none has been taken. */
  allocate(): Float32Array {
    return new Float32Array(this.indices.length).fill(Number.NaN);
  }

  /** Takes what of `values`, the beginning of chunk `chunk`, belongs to the sample. */
  take(chunk: number, values: Float32Array, into: Float32Array): void {
    this.takeFrom(this.layout.range(chunk).start, values, into);
  }

  /** Takes what of the frozen weights, which no chunk holds, belongs to the sample. */
  takeFrozen(values: Float32Array, into: Float32Array): void {
    this.takeFrom(this.layout.moving, values, into);
  }

  private takeFrom(first: number, values: Float32Array, into: Float32Array): void {
    for (let i = lowerBound(this.indices, first); i < this.indices.length; i++) {
      const at = this.indices[i]! - first;
      if (at >= values.length) break;
      into[i] = values[at]!;
    }
  }

  /** The same of a whole vector. */
  takeAll(vector: Float32Array, into: Float32Array): void {
    for (const [i, at] of this.indices.entries()) into[i] = vector[at]!;
  }

  histograms(weights: Float32Array, gradients: Float32Array | undefined): WeightHistograms[] {
    return this.layout.slots.map(({ name, shape, trainable }, i) => {
      const own = (samples: Float32Array) =>
        histogramOf(samples.subarray(this.bounds[i]!, this.bounds[i + 1]!));
      return {
        name,
        shape,
        weights: own(weights),
        gradients: trainable && gradients ? own(gradients) : null,
      };
    });
  }
}

/** Null without a finite value. The last bin holds its upper border too. */
export function histogramOf(all: Float32Array): HistogramView | null {
  const values = all.filter(Number.isFinite);
  if (values.length === 0) return null;
  let [min, max, sum] = [values[0]!, values[0]!, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  const mean = sum / values.length;
  const bins = Math.max(MIN_BINS, Math.min(MAX_BINS, Math.round(1.5 * Math.sqrt(values.length))));
  const counts = new Array<number>(bins).fill(0);
  let squares = 0;
  for (const value of values) {
    squares += (value - mean) ** 2;
    const bin = max > min ? Math.floor(((value - min) / (max - min)) * bins) : 0;
    counts[Math.min(bins - 1, bin)]!++;
  }
  return { min, max, mean, deviation: Math.sqrt(squares / values.length), counts };
}

function lowerBound(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
