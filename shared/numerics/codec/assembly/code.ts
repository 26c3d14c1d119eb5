// The code of gradients in WebAssembly SIMD (AssemblyScript). Vectors are given by byte offset and number of elements.
// Every operation is one of IEEE float32 or of 32-bit integers, none fused, so that ../typescript-kernel.ts gives the same
// bits; a property test holds the two together. What lies behind the end of a vector, up to a whole block, may be
// read and written: who calls has room for it, and zeros there before `encode` and `round`.

// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

import { BLOCK, scaleOf, wide } from './scale';

export { decodeChange, encodeChange } from './changes';

@inline function uniform(at: v128, first: v128, second: v128): v128 {
  let hash = v128.xor(at, first);
  hash = i32x4.add(i32x4.mul(v128.xor(hash, i32x4.shr_u(hash, 16)), i32x4.splat(0x21f0aaad)), second);
  hash = i32x4.mul(v128.xor(hash, i32x4.shr_u(hash, 15)), i32x4.splat(0x735a2d97));
  hash = v128.xor(hash, i32x4.shr_u(hash, 15));
  const k = f32x4.convert_i32x4_u(i32x4.shr_u(hash, 16));
  return f32x4.mul(f32x4.add(k, f32x4.splat(0.5)), f32x4.splat(1.0 / 65536.0));
}

@inline function codesOf(values: usize, i: i32, at: v128, scale: v128, first: v128, second: v128): v128 {
  const x = v128.load(values + (<usize>i << 2));
  const code = f32x4.floor(f32x4.add(f32x4.div(x, scale), uniform(at, first, second)));
  return f32x4.max(f32x4.splat(-127), f32x4.min(f32x4.splat(127), code));
}

@inline function indices(at: i32): v128 {
  return i32x4.add(i32x4.splat(at), i32x4(0, 1, 2, 3));
}

export function encode(values: usize, n: i32, at: i32, firstKey: i32, secondKey: i32, scales: usize, codes: usize): void {
  const first = i32x4.splat(firstKey), second = i32x4.splat(secondKey);
  for (let from: i32 = 0; from < n; from += BLOCK) {
    const block = values + (<usize>from << 2);
    const bits = scaleOf(block, 127);
    store<u16>(scales + (<usize>(from >> 6) << 1), <u16>bits);
    if (bits == 0 || bits == 0x7fc0) {
      memory.fill(codes + from, 0, BLOCK);
      continue;
    }
    const scale = f32x4.splat(wide(bits));
    for (let i: i32 = 0; i < BLOCK; i += 16) {
      const a = i32x4.trunc_sat_f32x4_s(codesOf(block, i, indices(at + from + i), scale, first, second));
      const b = i32x4.trunc_sat_f32x4_s(codesOf(block, i + 4, indices(at + from + i + 4), scale, first, second));
      const c = i32x4.trunc_sat_f32x4_s(codesOf(block, i + 8, indices(at + from + i + 8), scale, first, second));
      const d = i32x4.trunc_sat_f32x4_s(codesOf(block, i + 12, indices(at + from + i + 12), scale, first, second));
      v128.store(codes + from + i, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
    }
  }
}

export function round(values: usize, n: i32, at: i32, firstKey: i32, secondKey: i32): void {
  const first = i32x4.splat(firstKey), second = i32x4.splat(secondKey);
  for (let from: i32 = 0; from < n; from += BLOCK) {
    const block = values + (<usize>from << 2);
    const bits = scaleOf(block, 127);
    if (bits == 0 || bits == 0x7fc0) {
      const value = f32x4.splat(0 * wide(bits));
      for (let i: i32 = 0; i < BLOCK; i += 4) v128.store(block + (<usize>i << 2), value);
      continue;
    }
    const scale = f32x4.splat(wide(bits));
    for (let i: i32 = 0; i < BLOCK; i += 4) {
      const code = codesOf(block, i, indices(at + from + i), scale, first, second);
      // By way of a whole number: a code of -0 is 0.
      v128.store(
        block + (<usize>i << 2),
        f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.trunc_sat_f32x4_s(code))),
      );
    }
  }
}

// Returns 0 where `encode` cannot have written this.
export function decode(scales: usize, codes: usize, values: usize, n: i32): i32 {
  for (let from: i32 = 0; from < n; from += BLOCK) {
    const bits: u32 = load<u16>(scales + (<usize>(from >> 6) << 1));
    const isScale = bits >= 0x0a00 && bits <= 0x7b82;
    if (!isScale && bits != 0 && bits != 0x7fc0) return 0;
    const scale = f32x4.splat(wide(bits));
    const count = min(BLOCK, n - from);
    // What lies behind the end is no part of the block.
    if (count < BLOCK) memory.fill(codes + from + count, 0, BLOCK - count);
    let wrong = i8x16.splat(0);
    const refused = isScale ? i8x16.splat(-128) : i8x16.splat(0);
    for (let i: i32 = 0; i < BLOCK; i += 16) {
      const q = v128.load(codes + from + i);
      const same = i8x16.eq(q, refused);
      wrong = v128.or(wrong, isScale ? same : v128.not(same));
      const low = i16x8.extend_low_i8x16_s(q), high = i16x8.extend_high_i8x16_s(q);
      const to = values + (<usize>(from + i) << 2);
      v128.store(to, f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low))));
      v128.store(to, f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low))), 16);
      v128.store(to, f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high))), 32);
      v128.store(to, f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high))), 48);
    }
    if (v128.any_true(wrong)) return 0;
  }
  return 1;
}
