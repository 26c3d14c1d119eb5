/**
 * The admission probe: small batches of real records, and what the reference engine (TF.js on its `cpu`
 * backend) makes of them. A worker's engine must agree before it may compute for the run.
 *
 * Its weights are drawn from a seed on both sides, and of each weight's gradient only a sample is kept: so
 * the probe is a few hundred kilobytes at most, however large the model. Served like data, by its hash.
 */
import type { Layout, WeightSlot } from '../numerics/layout.js';
import { Random } from '../numerics/random.js';

export interface ProbeCase {
  count: number;
  /** Base64 of the records' x and y, as stored. */
  x: string;
  y: string;
  /** Their weights as float32, where they have some. */
  weight?: string;
  seed: number;
  /** Sums over the records. */
  loss: number;
  /** The gradient of each weight in model order: its largest absolute value, and a sample of its values. */
  gradient: { max: number; values: number[] }[];
}

export interface Probe {
  format: 1;
  weightsSeed: number;
  cases: ProbeCase[];
}

/** Values kept of each weight's gradient. */
const SAMPLED = 64;

/** Engines may compute whole blocks of so many samples by other kernels than the rest. */
const BLOCK = 16;

/** Samples of a case whose `count` records are repeated, each as often as the others, to whole blocks. */
export const repeatedSamples = (count: number): number => (BLOCK % count === 0 ? BLOCK : BLOCK * count);

/** Indices within a weight of `size` elements whose gradient the probe keeps. */
export function sampledIndices(size: number): number[] {
  const count = Math.min(SAMPLED, size);
  return Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

/** Weights for the probe: their size keeps activations near 1 for any layers. */
export function probeWeights(layout: Layout, seed: number): Float32Array {
  const weights = new Float32Array(layout.total);
  for (const [number, slot] of layout.slots.entries()) {
    const random = new Random(seed, number);
    const [from, to] = rangeOf(slot);
    for (let i = 0; i < slot.size; i++) weights[slot.offset + i] = random.between(from, to);
  }
  return weights;
}

function rangeOf({ name, shape, size }: WeightSlot): [number, number] {
  if (/(bias|beta)$/.test(name)) return [-0.1, 0.1];
  // Scales and variances must be positive, and far from 0.
  if (shape.length < 2) return [0.5, 1.5];
  const fanIn = Math.max(1, size / shape.at(-1)!);
  const bound = Math.sqrt(3 / fanIn);
  return [-bound, bound];
}
