/**
 * The coordinator's arithmetic on float32 vectors: WebAssembly SIMD where it can be had, else plain
 * TypeScript. Both give the same bits: each operation is one IEEE float32 operation, in the order that
 * is written here, and scalars are rounded to float32 once, at the edge.
 */
import type { UpdateKernel } from './update-kernel.js';

/** How a sum becomes the mean: sum = (sum + other) / by. */
export interface MeanOf {
  /** As long as the sum; undefined: all is added up already. */
  other: Float32Array | undefined;
  by: number;
}

/**
 * Vectors come from `allocate` of the same kernels, or are parts of such; parts may begin anywhere. All
 * vectors of one call have the same length. In updates `w` are the weights, `g` the gradient, and `next`,
 * which is no other of the vectors, receives the new weights; state vectors change in place.
 */
export interface Kernels {
  readonly kind: 'wasm' | 'typescript';
  /** Where vectors lie, if all threads see them. */
  readonly memory: SharedArrayBuffer | undefined;
  /**
   * A vector in the kernels' own memory, zero unless its memory was freed before.
   * @throws RangeError if there is no room left
   */
  allocate(elements: number): Float32Array;
  /** Gives back a whole vector, for the next one of the same length. */
  free(vector: Float32Array): void;

  /** into += other */
  add(into: Float32Array, other: Float32Array): void;
  /** into /= by */
  divide(into: Float32Array, by: number): void;
  /** into *= by */
  scale(into: Float32Array, by: number): void;
  /** Each element into [-limit, limit]. */
  clamp(into: Float32Array, limit: number): void;
  /** Whether no element is NaN or infinite. */
  allFinite(vector: Float32Array): boolean;
  /** Sums squares in float64: those of the elements 0, 2, 4, ..., plus those of 1, 3, 5, ... */
  sumOfSquares(vector: Float32Array): number;
  /** Makes a sum the mean, in one pass. @returns `sumOfSquares` of that */
  mean(sum: Float32Array, of: MeanOf): number;
  /** into += (1 - decay) (other - into): leaves what equals `other` as it is, in floating point too. */
  average(into: Float32Array, other: Float32Array, decay: number): void;

  /**
   * Runs a kernel of an update rule, and makes the mean of its gradient first where that is still a sum: in one pass.
   * @returns `sumOfSquares` of that mean; 0 where it was made before
   */
  update<Vectors extends string, Scalars extends string>(
    kernel: UpdateKernel<Vectors, Scalars>,
    vectors: Record<Vectors | 'g', Float32Array>,
    scalars: Record<Scalars, number>,
    of?: MeanOf,
  ): number;
}
