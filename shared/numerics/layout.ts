/**
 * The flat vector in which weights, gradients and optimizer state travel and are stored.
 *
 * All weights of a model stand one after the other in model order, which in TF.js is: trainable ones
 * first, then the others (batch-norm statistics). A contribution has the same layout: in a trainable
 * slot the gradient summed over its samples, in another slot the change of that weight, times samples.
 */
import { CHUNK_ELEMENTS } from './chunk-size.js';
import type { Constraint } from './constraints.js';
import { sizeOf } from './shape.js';

export interface WeightSpec {
  /** Unique within the model, for example `conv2d_1/kernel`. */
  name: string;
  shape: number[];
  trainable: boolean;
  /** The constraint that projects it after each update. */
  constraint?: Constraint;
}

export interface WeightSlot extends WeightSpec {
  /** Index of the first element within the flat vector. */
  offset: number;
  /** Number of elements. */
  size: number;
}

/** Where each weight stands in the flat vector, and where the vector is cut into the chunks that travel. */
export class Layout {
  /** The number of chunks, at least 1: a model without weights still has an (empty) vector to agree on. */
  readonly chunks: number;

  constructor(
    readonly slots: readonly WeightSlot[],
    /** Elements that gradients train: they stand at `[0, trainable)`. */
    readonly trainable: number,
    /** All elements. */
    readonly total: number,
    /** Elements of a chunk; the last one may have fewer. */
    readonly chunkElements: number,
  ) {
    this.chunks = Math.max(1, Math.ceil(total / chunkElements));
  }

  /** Elements `[start, end)` of the flat vector that chunk `chunk` holds. */
  range(chunk: number): { start: number; end: number } {
    const start = chunk * this.chunkElements;
    return { start, end: Math.min(this.total, start + this.chunkElements) };
  }

  /** How many elements of chunk `chunk` gradients train: its first ones. */
  trainableIn(chunk: number): number {
    const { start, end } = this.range(chunk);
    return Math.max(0, Math.min(end, this.trainable) - start);
  }

  /** The chunk that holds element `at`. */
  chunkAt(at: number): number {
    return Math.floor(at / this.chunkElements);
  }

  /** The chunks that hold some of a weight. */
  chunksOf({ offset, size }: WeightSlot): number[] {
    const first = this.chunkAt(offset);
    const last = this.chunkAt(offset + Math.max(1, size) - 1);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  /** One value for each chunk. */
  mapChunks<T>(make: (chunk: number) => T): T[] {
    return Array.from({ length: this.chunks }, (_, chunk) => make(chunk));
  }
}

/**
 * @param chunkElements is the protocol's, but in tests, where gradients of many chunks are short
 * @throws if a trainable weight follows one that is not: the layout promises the opposite
 */
export function layoutOf(specs: readonly WeightSpec[], chunkElements = CHUNK_ELEMENTS): Layout {
  const slots: WeightSlot[] = [];
  let trainable = 0;
  let total = 0;
  for (const spec of specs) {
    const size = sizeOf(spec.shape);
    if (spec.trainable) {
      if (trainable !== total) throw new Error(`weight ${spec.name}: trainable weights must come first`);
      trainable += size;
    }
    slots.push({ ...spec, offset: total, size });
    total += size;
  }
  return new Layout(slots, trainable, total, chunkElements);
}
