/**
 * What codes runs of blocks. Both kernels, WebAssembly SIMD and plain TypeScript, give the same bits: each operation is one
 * of float32 or of 32-bit integers, as PROTOCOL.md writes it.
 */

/** Decides the rounding of a node's elements: pure functions of the run's seed, the step and the node. */
export interface RoundingKeys {
  first: number;
  second: number;
}

/** The scale of a block that holds NaN, infinity or 2^127: a quiet NaN in bfloat16. Its codes are 0. */
export const NOT_FINITE_SCALE = 0x7fc0;
/** Scales of blocks that are not zero: bits of bfloat16, from just above 2^-107 to just above 2^120. */
export const LEAST_SCALE = 0x0a00;
export const LARGEST_SCALE = 0x7b82;
/** Codes are whole numbers from -127 to 127. */
export const LEVELS = 127;
/** Blocks whose largest element is smaller are zero. */
export const LEAST_MAGNITUDE = 2 ** -100;
/** A larger element is taken for none that is a number: a scale of it would leave float32's range. */
export const MAGNITUDES_BELOW = 2 ** 127;

export interface CodeKernel {
  readonly kind: 'wasm' | 'typescript';
  /**
   * Codes a run that begins a block.
   * @param first the index of its first element within the flat vector
   * @param scales bits of bfloat16, one for each block; @param codes one for each element
   */
  encode(
    values: Float32Array,
    first: number,
    keys: RoundingKeys,
    scales: Uint16Array,
    codes: Int8Array,
  ): void;
  /** @returns whether the run is one that `encode` can have written; if not, `into` holds nothing of use */
  decode(scales: Uint16Array, codes: Int8Array, into: Float32Array): boolean;
  /** Encodes and decodes in place. */
  round(values: Float32Array, first: number, keys: RoundingKeys): void;
}
