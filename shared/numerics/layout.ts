/**
 * The flat vector in which weights, gradients and optimizer state travel and are stored.
 *
 * All weights of a model stand one after the other: trainable ones first, then those that the forward pass
 * changes (batch-norm statistics), then those of frozen layers, which nothing changes. A contribution has the
 * same layout: in a trainable slot the gradient summed over its samples, in another slot the change of that
 * weight, times samples. Chunks hold what can change: frozen weights do not travel with them. In runs of rounds what
 * optimizers remember stands before the frozen weights (rounds/round-layout.ts): a contribution has its value there,
 * times samples.
 */
import { CHUNK_ELEMENTS } from './chunk-size.js';
import type { Constraint } from './constraints.js';
import { sizeOf } from './shape.js';

export interface WeightSpec {
  /** Unique within the model, for example `conv2d_1/kernel`. */
  name: string;
  shape: number[];
  trainable: boolean;
  /** Nothing changes it. */
  frozen?: true;
  /** No weight of the model: what the replicas' optimizers remember. */
  isState?: true;
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
    /** Elements that can change: they stand at `[0, moving)`, and chunks hold them. */
    readonly moving: number,
    /** All elements. */
    readonly total: number,
    /** Elements of a chunk; the last one may have fewer. */
    readonly chunkElements: number,
    /** Elements that optimizers remember: the last ones of those that can change. */
    readonly state = 0,
  ) {
    this.chunks = Math.max(1, Math.ceil(moving / chunkElements));
  }

  /** Elements `[start, end)` of the flat vector that chunk `chunk` holds. */
  range(chunk: number): { start: number; end: number } {
    const start = chunk * this.chunkElements;
    return { start, end: Math.min(this.moving, start + this.chunkElements) };
  }

  /** How many elements of chunk `chunk` gradients train: its first ones. */
  trainableIn(chunk: number): number {
    const { start, end } = this.range(chunk);
    return Math.max(0, Math.min(end, this.trainable) - start);
  }

  /** Where in chunk `chunk` that begins which optimizers remember: at its end, where it has nothing of that. */
  stateIn(chunk: number): number {
    const { start, end } = this.range(chunk);
    return Math.max(0, Math.min(end, this.moving - this.state) - start);
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
 * @throws if weights do not stand in the order that the layout promises
 */
export function layoutOf(specs: readonly WeightSpec[], chunkElements = CHUNK_ELEMENTS): Layout {
  const slots: WeightSlot[] = [];
  let trainable = 0;
  let moving = 0;
  let total = 0;
  let state = 0;
  for (const spec of specs) {
    const size = sizeOf(spec.shape);
    if (spec.trainable) {
      if (trainable !== total) throw new Error(`weight ${spec.name}: trainable weights must come first`);
      trainable += size;
    }
    if (!spec.frozen) {
      if (moving !== total) throw new Error(`weight ${spec.name}: frozen weights must come last`);
      moving += size;
    }
    if (spec.isState) state += size;
    else if (state > 0 && !spec.frozen)
      throw new Error(`weight ${spec.name}: what optimizers remember must come last`);
    slots.push({ ...spec, offset: total, size });
    total += size;
  }
  return new Layout(slots, trainable, moving, total, chunkElements, state);
}
