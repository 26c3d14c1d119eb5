/** The code in plain TypeScript, where there is no WebAssembly SIMD. */
import { BLOCK_ELEMENTS } from './block-table.js';
import {
  type CodeKernel,
  LARGEST_SCALE,
  LEAST_MAGNITUDE,
  LEAST_SCALE,
  LEVELS,
  MAGNITUDES_BELOW,
  NOT_FINITE_SCALE,
  type RoundingKeys,
} from './code-kernel.js';

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** A number from 2^-17 to 1 - 2^-17 in steps of 2^-16: what decides whether element `at` is rounded up. */
function uniform(at: number, { first, second }: RoundingKeys): number {
  let hash = at ^ first;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad) + second;
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  hash ^= hash >>> 15;
  return ((hash >>> 16) + 0.5) / 65_536;
}

/** The least bfloat16 that is not below `largest` / 127, as float32 rounds that; bits. */
function scaleOf(values: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const magnitude = Math.abs(values[i]!);
    if (!(magnitude < MAGNITUDES_BELOW)) return NOT_FINITE_SCALE;
    if (magnitude > largest) largest = magnitude;
  }
  if (largest < LEAST_MAGNITUDE) return 0;
  float[0] = largest / LEVELS;
  return (bits[0]! + 0xffff) >>> 16;
}

function widened(scale: number): number {
  bits[0] = scale << 16;
  return float[0]!;
}

function codeOf(value: number, scale: number, at: number, keys: RoundingKeys): number {
  const code = Math.floor(Math.fround(Math.fround(value / scale) + uniform(at, keys)));
  return Math.max(-LEVELS, Math.min(LEVELS, code));
}

const isScale = (scale: number): boolean => scale >= LEAST_SCALE && scale <= LARGEST_SCALE;

export const typescriptKernel: CodeKernel = {
  kind: 'typescript',

  encode(values, first, keys, scales, codes) {
    for (let block = 0, from = 0; from < values.length; block++, from += BLOCK_ELEMENTS) {
      const to = Math.min(values.length, from + BLOCK_ELEMENTS);
      const scale = scaleOf(values, from, to);
      scales[block] = scale;
      if (!isScale(scale)) codes.fill(0, from, to);
      else {
        const wide = widened(scale);
        for (let i = from; i < to; i++) codes[i] = codeOf(values[i]!, wide, first + i, keys);
      }
    }
  },

  decode(scales, codes, into) {
    for (let block = 0, from = 0; from < into.length; block++, from += BLOCK_ELEMENTS) {
      const to = Math.min(into.length, from + BLOCK_ELEMENTS);
      const scale = scales[block]!;
      const mayHaveCodes = isScale(scale);
      if (!mayHaveCodes && scale !== 0 && scale !== NOT_FINITE_SCALE) return false;
      const wide = widened(scale);
      for (let i = from; i < to; i++) {
        const code = codes[i]!;
        if (mayHaveCodes ? code < -LEVELS : code !== 0) return false;
        into[i] = wide * code;
      }
    }
    return true;
  },

  round(values, first, keys) {
    for (let from = 0; from < values.length; from += BLOCK_ELEMENTS) {
      const to = Math.min(values.length, from + BLOCK_ELEMENTS);
      const scale = scaleOf(values, from, to);
      const wide = widened(scale);
      if (!isScale(scale)) values.fill(0 * wide, from, to);
      else for (let i = from; i < to; i++) values[i] = wide * codeOf(values[i]!, wide, first + i, keys);
    }
  },
};
