/**
 * The flat vector in which weights, gradients and optimizer state travel and are stored.
 *
 * All weights of a model stand one after the other in model order, which in TF.js is: trainable ones
 * first, then the others (batch-norm statistics). A contribution has the same layout: in a trainable
 * slot the gradient summed over its samples, in another slot the change of that weight, times samples.
 */
import { CHUNK_ELEMENTS } from './chunk-size.js';

export interface WeightSpec {
  /** Unique within the model, for example `conv2d_1/kernel`. */
  name: string;
  shape: number[];
  trainable: boolean;
}

export interface WeightSlot extends WeightSpec {
  /** Index of the first element within the flat vector. */
  offset: number;
  /** Number of elements. */
  size: number;
}

export interface Layout {
  slots: WeightSlot[];
  /** Elements that gradients train: they stand at `[0, trainable)`. */
  trainable: number;
  /** All elements. */
  total: number;
}

/** @throws if a trainable weight follows one that is not: the layout promises the opposite. */
export function layoutOf(specs: readonly WeightSpec[]): Layout {
  const slots: WeightSlot[] = [];
  let trainable = 0;
  let total = 0;
  for (const spec of specs) {
    const size = spec.shape.reduce((product, length) => product * length, 1);
    if (spec.trainable) {
      if (trainable !== total) throw new Error(`weight ${spec.name}: trainable weights must come first`);
      trainable += size;
    }
    slots.push({ ...spec, offset: total, size });
    total += size;
  }
  return { slots, trainable, total };
}

/** At least one: a model without weights still has an (empty) vector to agree on. */
export function chunkCount(elements: number): number {
  return Math.max(1, Math.ceil(elements / CHUNK_ELEMENTS));
}

/** Elements `[start, end)` of the flat vector that chunk `chunk` holds. */
export function chunkRange(elements: number, chunk: number): { start: number; end: number } {
  const start = chunk * CHUNK_ELEMENTS;
  return { start, end: Math.min(elements, start + CHUNK_ELEMENTS) };
}

/** How many elements of chunk `chunk` gradients train: its first ones. */
export function trainableIn({ total, trainable }: Layout, chunk: number): number {
  const { start, end } = chunkRange(total, chunk);
  return Math.max(0, Math.min(end, trainable) - start);
}
