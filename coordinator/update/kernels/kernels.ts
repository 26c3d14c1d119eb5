/**
 * The coordinator's arithmetic on float32 vectors: WebAssembly SIMD where it can be had, else plain
 * TypeScript. Both give the same bits: each operation is one IEEE float32 operation, in the order that
 * is written here, and scalars are rounded to float32 once, at the edge.
 */
export interface SgdScalars {
  lr: number;
  momentum: number;
  /** Of the new direction, this share enters the momentum: 1 - dampening. */
  keep: number;
  /** Added to the gradient, times the weights (L2). */
  decay: number;
  nesterov: boolean;
}

export interface AdamScalars {
  /** Learning rate over the first moment's bias correction. */
  stepSize: number;
  /** Square root of the second moment's bias correction. */
  rootCorrection: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Added to the gradient, times the weights (L2). */
  decay: number;
  /** Multiplies the weights (decoupled decay); 1: none. */
  shrink: number;
}

export interface RmspropScalars {
  lr: number;
  alpha: number;
  epsilon: number;
  decay: number;
}

export interface AdagradScalars {
  lr: number;
  epsilon: number;
  decay: number;
}

export interface LambScalars {
  /** The bias corrections of the two moments. */
  correction1: number;
  correction2: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  decay: number;
}

/**
 * Vectors come from `allocate` of the same kernels, or are parts of such; parts may begin anywhere. All
 * vectors of one call have the same length. In updates w are the weights, g the gradient, and `next`,
 * which is no other of the vectors, receives the new weights; state vectors change in place.
 */
export interface Kernels {
  readonly kind: 'wasm' | 'typescript';
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
  /** In float64: the squares of the elements 0, 2, 4, ..., plus those of 1, 3, 5, ... */
  sumOfSquares(vector: Float32Array): number;
  /** into += (1 - decay) (other - into): leaves what equals `other` as it is, in floating point too. */
  average(into: Float32Array, other: Float32Array, decay: number): void;

  /** next = w - lr (g + decay w) */
  sgd(next: Float32Array, w: Float32Array, g: Float32Array, lr: number, decay: number): void;
  /** u = g + decay w; b = momentum b + keep u; next = w - lr b, or w - lr (u + momentum b) with `nesterov` */
  sgdMomentum(
    next: Float32Array,
    w: Float32Array,
    g: Float32Array,
    b: Float32Array,
    scalars: SgdScalars,
  ): void;
  /**
   * u = g + decay w; m += (1 - beta1) (u - m); v = beta2 v + (1 - beta2) u u;
   * next = shrink w - stepSize m / (sqrt(v) / rootCorrection + epsilon)
   */
  adam(
    next: Float32Array,
    w: Float32Array,
    g: Float32Array,
    m: Float32Array,
    v: Float32Array,
    scalars: AdamScalars,
  ): void;
  /** u = g + decay w; v = alpha v + (1 - alpha) u u; next = w - lr u / (sqrt(v) + epsilon) */
  rmsprop(
    next: Float32Array,
    w: Float32Array,
    g: Float32Array,
    v: Float32Array,
    scalars: RmspropScalars,
  ): void;
  /** u, v as in `rmsprop`; b = momentum b + u / (sqrt(v) + epsilon); next = w - lr b */
  rmspropMomentum(
    next: Float32Array,
    w: Float32Array,
    g: Float32Array,
    v: Float32Array,
    b: Float32Array,
    scalars: RmspropScalars & { momentum: number },
  ): void;
  /** u = g + decay w; s += u u; next = w - lr u / (sqrt(s) + epsilon) */
  adagrad(
    next: Float32Array,
    w: Float32Array,
    g: Float32Array,
    s: Float32Array,
    scalars: AdagradScalars,
  ): void;
  /** m, v as in `adam`, with u = g; then g = m / correction1 / (sqrt(v / correction2) + epsilon) + decay w */
  lambDirection(
    g: Float32Array,
    w: Float32Array,
    m: Float32Array,
    v: Float32Array,
    scalars: LambScalars,
  ): void;
}
