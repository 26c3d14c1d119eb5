// The code of changes of weights (../weights/change-kernel.ts) in WebAssembly SIMD: like code.ts, but to nearest, in 8 or
// 4 bits. Behind the end of a vector, up to a whole block, `values` and `held` have zeros.

// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

import { BLOCK, scaleOf, wide } from './scale';

// Codes the 16 differences at `values`, and writes there what is held afterwards.
// @ts-ignore: decorator
@inline
function sixteen(values: usize, held: usize, scale: v128, most: v128, mask: v128): v128 {
  const a = four(values, held, scale, most, mask);
  const b = four(values + 16, held + 16, scale, most, mask);
  const c = four(values + 32, held + 32, scale, most, mask);
  const d = four(values + 48, held + 48, scale, most, mask);
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

// @ts-ignore: decorator
@inline
function four(values: usize, held: usize, scale: v128, most: v128, mask: v128): v128 {
  const nearest = f32x4.nearest(f32x4.div(v128.load(values), scale));
  const code = f32x4.max(f32x4.neg(most), f32x4.min(most, nearest));
  const whole = v128.and(mask, i32x4.trunc_sat_f32x4_s(code));
  v128.store(values, f32x4.add(v128.load(held), f32x4.mul(scale, f32x4.convert_i32x4_s(whole))));
  return whole;
}

// The low halves of 16 codes, two in a byte.
// @ts-ignore: decorator
@inline
function halves(codes: v128): v128 {
  return v128.or(
    v128.and(codes, i16x8.splat(0x000f)),
    v128.and(i16x8.shr_u(codes, 4), i16x8.splat(0x00f0)),
  );
}

// `values` holds what is wanted, and then what is held.
export function encodeChange(bits: i32, values: usize, held: usize, n: i32, scales: usize, codes: usize): void {
  const levels: f32 = bits == 4 ? 7 : 127;
  const most = f32x4.splat(levels);
  for (let from: i32 = 0; from < n; from += BLOCK) {
    const block = values + (<usize>from << 2), base = held + (<usize>from << 2);
    for (let i: usize = 0; i < <usize>BLOCK << 2; i += 16)
      v128.store(block + i, f32x4.sub(v128.load(block + i), v128.load(base + i)));
    const scaleBits = scaleOf(block, levels);
    store<u16>(scales + (<usize>(from >> 6) << 1), <u16>scaleBits);
    const scale = f32x4.splat(wide(scaleBits));
    const mask = i32x4.splat(scaleBits == 0 || scaleBits == 0x7fc0 ? 0 : -1);
    for (let i: i32 = 0; i < BLOCK; i += 32) {
      const at = <usize>i << 2;
      const low = sixteen(block + at, base + at, scale, most, mask);
      const high = sixteen(block + at + 64, base + at + 64, scale, most, mask);
      if (bits == 4) v128.store(codes + ((from + i) >> 1), i8x16.narrow_i16x8_u(halves(low), halves(high)));
      else {
        v128.store(codes + from + i, low);
        v128.store(codes + from + i, high, 16);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function apply(codes: v128, scale: v128, held: usize, values: usize): void {
  const low = i16x8.extend_low_i8x16_s(codes), high = i16x8.extend_high_i8x16_s(codes);
  add(i32x4.extend_low_i16x8_s(low), scale, held, values);
  add(i32x4.extend_high_i16x8_s(low), scale, held + 16, values + 16);
  add(i32x4.extend_low_i16x8_s(high), scale, held + 32, values + 32);
  add(i32x4.extend_high_i16x8_s(high), scale, held + 48, values + 48);
}

// @ts-ignore: decorator
@inline
function add(codes: v128, scale: v128, held: usize, values: usize): void {
  v128.store(values, f32x4.add(v128.load(held), f32x4.mul(scale, f32x4.convert_i32x4_s(codes))));
}

// Returns 0 where `encodeChange` cannot have written this.
export function decodeChange(bits: i32, scales: usize, codes: usize, held: usize, values: usize, n: i32): i32 {
  const least: u32 = bits == 4 ? 0x0c13 : 0x0a00;
  const largest: u32 = bits == 4 ? 0x7d93 : 0x7b82;
  for (let from: i32 = 0; from < n; from += BLOCK) {
    const scaleBits: u32 = load<u16>(scales + (<usize>(from >> 6) << 1));
    const isScale = scaleBits >= least && scaleBits <= largest;
    if (!isScale && scaleBits != 0 && scaleBits != 0x7fc0) return 0;
    const scale = f32x4.splat(wide(scaleBits));
    const count = min(BLOCK, n - from);
    // What lies behind the end is no part of the block.
    if (count < BLOCK) {
      const used = bits == 4 ? (count + 1) >> 1 : count, room = bits == 4 ? BLOCK >> 1 : BLOCK;
      memory.fill(codes + (bits == 4 ? from >> 1 : from) + used, 0, room - used);
    }
    const refused = isScale ? i8x16.splat(bits == 4 ? -8 : -128) : i8x16.splat(0);
    let wrong = i8x16.splat(0);
    for (let i: i32 = 0; i < BLOCK; i += 32) {
      let first: v128, second: v128;
      if (bits == 4) {
        const both = v128.load(codes + ((from + i) >> 1));
        const low = i8x16.shr_s(i8x16.shl(both, 4), 4), high = i8x16.shr_s(both, 4);
        first = v128.shuffle<i8>(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        second = v128.shuffle<i8>(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      } else {
        first = v128.load(codes + from + i);
        second = v128.load(codes + from + i, 16);
      }
      const same = v128.or(i8x16.eq(first, refused), i8x16.eq(second, refused));
      const other = v128.or(v128.not(i8x16.eq(first, refused)), v128.not(i8x16.eq(second, refused)));
      wrong = v128.or(wrong, isScale ? same : other);
      const at = <usize>(from + i) << 2;
      apply(first, scale, held + at, values + at);
      apply(second, scale, held + at + 64, values + at + 64);
    }
    if (v128.any_true(wrong)) return 0;
  }
  return 1;
}
