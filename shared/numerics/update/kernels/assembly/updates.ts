// The update rules. Each makes `g` the mean first, of `other` too unless that is 0, if `by` is not 0: element by element
// in the same pass. Returns the sum of squares of that mean, or 0.
// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

import {
  get, put, splat, plus, minus, times, over, root, toward, squares, total, meanOn, meanOnOne,
} from './vectors';

@inline function sgdAt(next: usize, w: usize, g: usize, lr: v128, decay: v128, i: i32, four: bool): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  put(next, i, minus(x, times(lr, u)), four);
}
export function sgd(
  next: usize, w: usize, g: usize, other: usize, by: f32, lr: f32, decay: f32, n: i32
): f64 {
  const l = splat(lr), d = splat(decay);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    sgdAt(next, w, g, l, d, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    sgdAt(next, w, g, l, d, i, false);
  }
  return total(sums);
}

@inline function sgdMomentumAt(
  next: usize, w: usize, g: usize, b: usize, lr: v128, momentum: v128, keep: v128, decay: v128,
  nesterov: bool, i: i32, four: bool
): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  const buffer = plus(times(get(b, i, four), momentum), times(keep, u));
  put(b, i, buffer, four);
  const direction = nesterov ? plus(u, times(momentum, buffer)) : buffer;
  put(next, i, minus(x, times(lr, direction)), four);
}
export function sgdMomentum(
  next: usize, w: usize, g: usize, b: usize, other: usize, by: f32, lr: f32, momentum: f32,
  keep: f32, decay: f32, nesterov: bool, n: i32
): f64 {
  const l = splat(lr), m = splat(momentum), k = splat(keep), d = splat(decay);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    sgdMomentumAt(next, w, g, b, l, m, k, d, nesterov, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    sgdMomentumAt(next, w, g, b, l, m, k, d, nesterov, i, false);
  }
  return total(sums);
}

@inline function adamAt(
  next: usize, w: usize, g: usize, m: usize, v: usize, stepSize: v128, rootCorrection: v128,
  rest1: v128, beta2: v128, rest2: v128, epsilon: v128, decay: v128, shrink: v128, i: i32,
  four: bool
): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  const first = toward(get(m, i, four), u, rest1);
  const second = squares(get(v, i, four), u, beta2, rest2);
  put(m, i, first, four);
  put(v, i, second, four);
  const denominator = plus(over(root(second), rootCorrection), epsilon);
  put(next, i, minus(times(x, shrink), over(times(stepSize, first), denominator)), four);
}
export function adam(
  next: usize, w: usize, g: usize, m: usize, v: usize, other: usize, by: f32, stepSize: f32,
  rootCorrection: f32, rest1: f32, beta2: f32, rest2: f32, epsilon: f32, decay: f32, shrink: f32,
  n: i32
): f64 {
  const s = splat(stepSize), c = splat(rootCorrection), r1 = splat(rest1), b2 = splat(beta2);
  const r2 = splat(rest2), e = splat(epsilon), d = splat(decay), k = splat(shrink);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    adamAt(next, w, g, m, v, s, c, r1, b2, r2, e, d, k, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    adamAt(next, w, g, m, v, s, c, r1, b2, r2, e, d, k, i, false);
  }
  return total(sums);
}

@inline function rmspropAt(
  next: usize, w: usize, g: usize, v: usize, lr: v128, alpha: v128, rest: v128, epsilon: v128,
  decay: v128, i: i32, four: bool
): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  const mean = squares(get(v, i, four), u, alpha, rest);
  put(v, i, mean, four);
  put(next, i, minus(x, over(times(lr, u), plus(root(mean), epsilon))), four);
}
export function rmsprop(
  next: usize, w: usize, g: usize, v: usize, other: usize, by: f32, lr: f32, alpha: f32, rest: f32,
  epsilon: f32, decay: f32, n: i32
): f64 {
  const l = splat(lr), a = splat(alpha), r = splat(rest), e = splat(epsilon), d = splat(decay);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    rmspropAt(next, w, g, v, l, a, r, e, d, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    rmspropAt(next, w, g, v, l, a, r, e, d, i, false);
  }
  return total(sums);
}

@inline function rmspropMomentumAt(
  next: usize, w: usize, g: usize, v: usize, b: usize, lr: v128, alpha: v128, rest: v128,
  epsilon: v128, decay: v128, momentum: v128, i: i32, four: bool
): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  const mean = squares(get(v, i, four), u, alpha, rest);
  put(v, i, mean, four);
  const buffer = plus(times(get(b, i, four), momentum), over(u, plus(root(mean), epsilon)));
  put(b, i, buffer, four);
  put(next, i, minus(x, times(lr, buffer)), four);
}
export function rmspropMomentum(
  next: usize, w: usize, g: usize, v: usize, b: usize, other: usize, by: f32, lr: f32, alpha: f32,
  rest: f32, epsilon: f32, decay: f32, momentum: f32, n: i32
): f64 {
  const l = splat(lr), a = splat(alpha), r = splat(rest);
  const e = splat(epsilon), d = splat(decay), m = splat(momentum);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    rmspropMomentumAt(next, w, g, v, b, l, a, r, e, d, m, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    rmspropMomentumAt(next, w, g, v, b, l, a, r, e, d, m, i, false);
  }
  return total(sums);
}

@inline function adagradAt(
  next: usize, w: usize, g: usize, s: usize, lr: v128, epsilon: v128, decay: v128, i: i32,
  four: bool
): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  const sum = plus(get(s, i, four), times(u, u));
  put(s, i, sum, four);
  put(next, i, minus(x, over(times(lr, u), plus(root(sum), epsilon))), four);
}
export function adagrad(
  next: usize, w: usize, g: usize, s: usize, other: usize, by: f32, lr: f32, epsilon: f32,
  decay: f32, n: i32
): f64 {
  const l = splat(lr), e = splat(epsilon), d = splat(decay);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    adagradAt(next, w, g, s, l, e, d, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    adagradAt(next, w, g, s, l, e, d, i, false);
  }
  return total(sums);
}

@inline function lambDirectionAt(
  g: usize, w: usize, m: usize, v: usize, correction1: v128, correction2: v128, rest1: v128,
  beta2: v128, rest2: v128, epsilon: v128, decay: v128, i: i32, four: bool
): void {
  const u = get(g, i, four);
  const first = toward(get(m, i, four), u, rest1);
  const second = squares(get(v, i, four), u, beta2, rest2);
  put(m, i, first, four);
  put(v, i, second, four);
  const denominator = plus(root(over(second, correction2)), epsilon);
  put(g, i, plus(over(over(first, correction1), denominator), times(decay, get(w, i, four))), four);
}
export function lambDirection(
  g: usize, w: usize, m: usize, v: usize, other: usize, by: f32, correction1: f32, correction2: f32,
  rest1: f32, beta2: f32, rest2: f32, epsilon: f32, decay: f32, n: i32
): f64 {
  const c1 = splat(correction1), c2 = splat(correction2), r1 = splat(rest1), b2 = splat(beta2);
  const r2 = splat(rest2), e = splat(epsilon), d = splat(decay);
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    if (by) sums = meanOn(sums, g, other, divisor, i);
    lambDirectionAt(g, w, m, v, c1, c2, r1, b2, r2, e, d, i, true);
  }
  for (; i < n; i++) {
    if (by) sums = meanOnOne(sums, g, other, by, i);
    lambDirectionAt(g, w, m, v, c1, c2, r1, b2, r2, e, d, i, false);
  }
  return total(sums);
}
