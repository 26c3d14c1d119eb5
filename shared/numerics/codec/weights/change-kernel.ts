/**
 * What codes changes of weights in runs of blocks: to the nearest of 255 or 15 levels. WebAssembly SIMD and plain
 * TypeScript give the same bits: each operation is one of float32 or of integers, as PROTOCOL.md writes it.
 */

/** Bits of a code. */
export type ChangeBits = 8 | 4;

/** What the codes of so many bits are: whole numbers from `-levels` to `levels`, and scales between two bits of bfloat16. */
export const CHANGE_CODES = {
  8: { levels: 127, leastScale: 0x0a00, largestScale: 0x7b82 },
  4: { levels: 7, leastScale: 0x0c13, largestScale: 0x7d93 },
} as const;

export interface ChangeKernel {
  readonly kind: 'wasm' | 'typescript';
  /**
   * Codes what leads from `held` to `wanted`, in a run that begins a block.
   * @param scales one for each block; @param codes as many bytes as `codeBytes` says
   * @param into what is held afterwards
   */
  encode(
    bits: ChangeBits,
    wanted: Float32Array,
    held: Float32Array,
    scales: Uint16Array,
    codes: Uint8Array,
    into: Float32Array,
  ): void;
  /** @returns whether the run is one that `encode` can have written; if not, `into` holds nothing of use */
  decode(
    bits: ChangeBits,
    scales: Uint16Array,
    codes: Uint8Array,
    held: Float32Array,
    into: Float32Array,
  ): boolean;
}

/** Bytes of the codes of a run: of two in a byte, the first is the lower half. */
export const codeBytes = (bits: ChangeBits, elements: number): number => Math.ceil((elements * bits) / 8);
