/** The code of changes in plain TypeScript, where there is no WebAssembly SIMD. */
import { BLOCK_ELEMENTS } from '../block-table.js';
import { LEAST_MAGNITUDE, MAGNITUDES_BELOW, NOT_FINITE_SCALE } from '../code-kernel.js';
import { CHANGE_CODES, type ChangeBits, type ChangeKernel } from './change-kernel.js';

const { fround } = Math;
const float = new Float32Array(1);
const bitsOfFloat = new Uint32Array(float.buffer);

/** Float32 has no fractions beside so large a number: adding it rounds to the nearest whole one, ties to even. */
const WHOLE = 3 * 2 ** 22;

function scaleOf(wanted: Float32Array, held: Float32Array, from: number, to: number, levels: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const magnitude = Math.abs(fround(wanted[i]! - held[i]!));
    if (!(magnitude < MAGNITUDES_BELOW)) return NOT_FINITE_SCALE;
    if (magnitude > largest) largest = magnitude;
  }
  if (largest < LEAST_MAGNITUDE) return 0;
  float[0] = largest / levels;
  return (bitsOfFloat[0]! + 0xffff) >>> 16;
}

function widened(scale: number): number {
  bitsOfFloat[0] = scale << 16;
  return float[0]!;
}

function isScale(bits: ChangeBits, scale: number): boolean {
  const { leastScale, largestScale } = CHANGE_CODES[bits];
  return scale >= leastScale && scale <= largestScale;
}

function put(bits: ChangeBits, codes: Uint8Array, at: number, code: number): void {
  if (bits === 8) codes[at] = code;
  else if (at % 2 === 0) codes[at >> 1] = code & 15;
  else codes[at >> 1]! |= code << 4;
}

function taken(bits: ChangeBits, codes: Uint8Array, at: number): number {
  if (bits === 8) return (codes[at]! << 24) >> 24;
  return at % 2 === 0 ? (codes[at >> 1]! << 28) >> 28 : (codes[at >> 1]! << 24) >> 28;
}

export const typescriptChangeKernel: ChangeKernel = {
  kind: 'typescript',

  encode(bits, wanted, held, scales, codes, into) {
    const { levels } = CHANGE_CODES[bits];
    for (let block = 0, from = 0; from < wanted.length; block++, from += BLOCK_ELEMENTS) {
      const to = Math.min(wanted.length, from + BLOCK_ELEMENTS);
      const scale = scaleOf(wanted, held, from, to, levels);
      scales[block] = scale;
      const wide = widened(scale);
      const hasCodes = isScale(bits, scale);
      for (let i = from; i < to; i++) {
        const ratio = fround(fround(wanted[i]! - held[i]!) / wide);
        const nearest = fround(fround(ratio + WHOLE) - WHOLE);
        const code = hasCodes ? Math.max(-levels, Math.min(levels, nearest)) | 0 : 0;
        put(bits, codes, i, code);
        into[i] = held[i]! + fround(wide * code);
      }
    }
  },

  decode(bits, scales, codes, held, into) {
    const { levels } = CHANGE_CODES[bits];
    for (let block = 0, from = 0; from < into.length; block++, from += BLOCK_ELEMENTS) {
      const to = Math.min(into.length, from + BLOCK_ELEMENTS);
      const scale = scales[block]!;
      const mayHaveCodes = isScale(bits, scale);
      if (!mayHaveCodes && scale !== 0 && scale !== NOT_FINITE_SCALE) return false;
      const wide = widened(scale);
      for (let i = from; i < to; i++) {
        const code = taken(bits, codes, i);
        if (mayHaveCodes ? code < -levels : code !== 0) return false;
        into[i] = held[i]! + fround(wide * code);
      }
    }
    return true;
  },
};
