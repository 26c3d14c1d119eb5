// The coordinator's arithmetic in WebAssembly SIMD (AssemblyScript). Vectors are given by byte offset and
// number of elements. Every operation is one IEEE float32 operation, none fused, so that ../typescript.ts
// gives the same bits; a property test holds the two together.
//
// Each formula stands once, for four elements at `i`, or for one of them where fewer than four are left
// (`four` is a constant in each call and is folded away). What the other lanes then compute is not stored.
// What they are made of stands in vectors.ts, the update rules in updates.ts.

// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

import { at, get, put, splat, plus, times, over, toward, total, meanOn, meanOnOne } from './vectors';

export * from './updates';

@inline function addAt(into: usize, other: usize, i: i32, four: bool): void {
  put(into, i, plus(get(into, i, four), get(other, i, four)), four);
}
export function add(into: usize, other: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) addAt(into, other, i, true);
  for (; i < n; i++) addAt(into, other, i, false);
}

@inline function divideAt(into: usize, by: v128, i: i32, four: bool): void {
  put(into, i, over(get(into, i, four), by), four);
}
export function divide(into: usize, by: f32, n: i32): void {
  const divisor = splat(by);
  let i = 0;
  for (; i + 4 <= n; i += 4) divideAt(into, divisor, i, true);
  for (; i < n; i++) divideAt(into, divisor, i, false);
}

@inline function scaleAt(into: usize, by: v128, i: i32, four: bool): void {
  put(into, i, times(get(into, i, four), by), four);
}
export function scale(into: usize, by: f32, n: i32): void {
  const factor = splat(by);
  let i = 0;
  for (; i + 4 <= n; i += 4) scaleAt(into, factor, i, true);
  for (; i < n; i++) scaleAt(into, factor, i, false);
}

// A NaN stays one.
@inline function clampAt(into: usize, low: v128, high: v128, i: i32, four: bool): void {
  put(into, i, f32x4.max(f32x4.min(get(into, i, four), high), low), four);
}
export function clamp(into: usize, limit: f32, n: i32): void {
  const low = splat(-limit);
  const high = splat(limit);
  let i = 0;
  for (; i + 4 <= n; i += 4) clampAt(into, low, high, i, true);
  for (; i < n; i++) clampAt(into, low, high, i, false);
}

// x * 0 is 0 for finite x and NaN otherwise; NaN survives all additions. Four sums, so that no addition waits for the
// one before it.
@inline function zeros(vector: usize, i: i32, four: bool): v128 { return times(get(vector, i, four), splat(0)); }
export function allFinite(vector: usize, n: i32): bool {
  let a = splat(0), b = a, c = a, d = a;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    a = plus(a, zeros(vector, i, true));
    b = plus(b, zeros(vector, i + 4, true));
    c = plus(c, zeros(vector, i + 8, true));
    d = plus(d, zeros(vector, i + 12, true));
  }
  for (; i + 4 <= n; i += 4) a = plus(a, zeros(vector, i, true));
  for (; i < n; i++) a = plus(a, zeros(vector, i, false));
  return !v128.any_true(f32x4.ne(plus(plus(a, b), plus(c, d)), splat(0)));
}

// Two float64 accumulators: elements of even and of odd index.
export function sumOfSquares(vector: usize, n: i32): f64 {
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const pair = f64x2.promote_low_f32x4(v128.load_zero<u64>(at(vector, i)));
    sums = f64x2.add(sums, f64x2.mul(pair, pair));
  }
  // The last element of an odd number has an even index.
  const last: f64 = i < n ? <f64>load<f32>(at(vector, i)) : 0;
  return f64x2.extract_lane(sums, 0) + last * last + f64x2.extract_lane(sums, 1);
}

export function mean(g: usize, other: usize, by: f32, n: i32): f64 {
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) sums = meanOn(sums, g, other, divisor, i);
  for (; i < n; i++) sums = meanOnOne(sums, g, other, by, i);
  return total(sums);
}

@inline function averageAt(into: usize, other: usize, share: v128, i: i32, four: bool): void {
  put(into, i, toward(get(into, i, four), get(other, i, four), share), four);
}
export function average(into: usize, other: usize, share: f32, n: i32): void {
  const part = splat(share);
  let i = 0;
  for (; i + 4 <= n; i += 4) averageAt(into, other, part, i, true);
  for (; i < n; i++) averageAt(into, other, part, i, false);
}
