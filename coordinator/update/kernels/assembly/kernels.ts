// The coordinator's arithmetic in WebAssembly SIMD (AssemblyScript). Vectors are given by byte offset and
// number of elements. Every operation is one IEEE float32 operation, none fused, so that ../typescript.ts
// gives the same bits; a property test holds the two together.
//
// Each formula stands once, for four elements at `i`, or for one of them where fewer than four are left
// (`four` is a constant in each call and is folded away). What the other lanes then compute is not stored.

// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

@inline function at(base: usize, i: i32): usize { return base + (<usize>i << 2); }
@inline function get(base: usize, i: i32, four: bool): v128 {
  return four ? v128.load(at(base, i)) : v128.load_zero<u32>(at(base, i));
}
@inline function put(base: usize, i: i32, value: v128, four: bool): void {
  if (four) v128.store(at(base, i), value);
  else v128.store_lane<u32>(at(base, i), value, 0);
}
@inline function splat(x: f32): v128 { return f32x4.splat(x); }
@inline function plus(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline function minus(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline function times(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
@inline function over(a: v128, b: v128): v128 { return f32x4.div(a, b); }
@inline function root(a: v128): v128 { return f32x4.sqrt(a); }

// a + share * (b - a): exactly a where both are equal
@inline function toward(a: v128, b: v128, share: v128): v128 { return plus(a, times(share, minus(b, a))); }

// decay * v + (rest * u) * u
@inline function squares(v: v128, u: v128, decay: v128, rest: v128): v128 {
  return plus(times(v, decay), times(times(rest, u), u));
}

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

// x * 0 is 0 for finite x and NaN otherwise; NaN survives all additions.
export function allFinite(vector: usize, n: i32): bool {
  const zero = splat(0);
  let sum = zero;
  let i = 0;
  for (; i + 4 <= n; i += 4) sum = plus(sum, times(get(vector, i, true), zero));
  for (; i < n; i++) sum = plus(sum, times(get(vector, i, false), zero));
  return !v128.any_true(f32x4.ne(sum, zero));
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

// The two float64 accumulators of sumOfSquares go on in its order.
@inline function squaresOn(sums: v128, pair: v128): v128 {
  const wide = f64x2.promote_low_f32x4(pair);
  return f64x2.add(sums, f64x2.mul(wide, wide));
}
// Of the sum with `other` where there are `two`.
@inline function meanOf(into: usize, other: usize, by: f32, n: i32, two: bool): f64 {
  const divisor = splat(by);
  let sums = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const own = get(into, i, true);
    const mean = over(two ? plus(own, get(other, i, true)) : own, divisor);
    put(into, i, mean, true);
    sums = squaresOn(sums, mean);
    sums = squaresOn(sums, v128.shuffle<u32>(mean, mean, 2, 3, 2, 3));
  }
  // The rest begins at an even index: elements go to the two accumulators in turn.
  let even = f64x2.extract_lane(sums, 0);
  let odd = f64x2.extract_lane(sums, 1);
  for (; i < n; i++) {
    const own = load<f32>(at(into, i));
    const mean: f32 = (two ? own + load<f32>(at(other, i)) : own) / by;
    store<f32>(at(into, i), mean);
    const square = <f64>mean * <f64>mean;
    if ((i & 1) === 0) even += square;
    else odd += square;
  }
  return even + odd;
}
export function meanOfTwo(into: usize, other: usize, by: f32, n: i32): f64 {
  return meanOf(into, other, by, n, true);
}
export function mean(into: usize, by: f32, n: i32): f64 { return meanOf(into, into, by, n, false); }

@inline function averageAt(into: usize, other: usize, share: v128, i: i32, four: bool): void {
  put(into, i, toward(get(into, i, four), get(other, i, four), share), four);
}
export function average(into: usize, other: usize, share: f32, n: i32): void {
  const part = splat(share);
  let i = 0;
  for (; i + 4 <= n; i += 4) averageAt(into, other, part, i, true);
  for (; i < n; i++) averageAt(into, other, part, i, false);
}

@inline function sgdAt(next: usize, w: usize, g: usize, lr: v128, decay: v128, i: i32, four: bool): void {
  const x = get(w, i, four);
  const u = plus(get(g, i, four), times(decay, x));
  put(next, i, minus(x, times(lr, u)), four);
}
export function sgd(next: usize, w: usize, g: usize, lr: f32, decay: f32, n: i32): void {
  const l = splat(lr), d = splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) sgdAt(next, w, g, l, d, i, true);
  for (; i < n; i++) sgdAt(next, w, g, l, d, i, false);
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
  next: usize, w: usize, g: usize, b: usize, lr: f32, momentum: f32, keep: f32, decay: f32,
  nesterov: bool, n: i32
): void {
  const l = splat(lr), m = splat(momentum), k = splat(keep), d = splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) sgdMomentumAt(next, w, g, b, l, m, k, d, nesterov, i, true);
  for (; i < n; i++) sgdMomentumAt(next, w, g, b, l, m, k, d, nesterov, i, false);
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
  next: usize, w: usize, g: usize, m: usize, v: usize, stepSize: f32, rootCorrection: f32,
  rest1: f32, beta2: f32, rest2: f32, epsilon: f32, decay: f32, shrink: f32, n: i32
): void {
  const s = splat(stepSize), c = splat(rootCorrection), r1 = splat(rest1), b2 = splat(beta2);
  const r2 = splat(rest2), e = splat(epsilon), d = splat(decay), k = splat(shrink);
  let i = 0;
  for (; i + 4 <= n; i += 4) adamAt(next, w, g, m, v, s, c, r1, b2, r2, e, d, k, i, true);
  for (; i < n; i++) adamAt(next, w, g, m, v, s, c, r1, b2, r2, e, d, k, i, false);
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
  next: usize, w: usize, g: usize, v: usize, lr: f32, alpha: f32, rest: f32, epsilon: f32,
  decay: f32, n: i32
): void {
  const l = splat(lr), a = splat(alpha), r = splat(rest), e = splat(epsilon), d = splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) rmspropAt(next, w, g, v, l, a, r, e, d, i, true);
  for (; i < n; i++) rmspropAt(next, w, g, v, l, a, r, e, d, i, false);
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
  next: usize, w: usize, g: usize, v: usize, b: usize, lr: f32, alpha: f32, rest: f32,
  epsilon: f32, decay: f32, momentum: f32, n: i32
): void {
  const l = splat(lr), a = splat(alpha), r = splat(rest);
  const e = splat(epsilon), d = splat(decay), m = splat(momentum);
  let i = 0;
  for (; i + 4 <= n; i += 4) rmspropMomentumAt(next, w, g, v, b, l, a, r, e, d, m, i, true);
  for (; i < n; i++) rmspropMomentumAt(next, w, g, v, b, l, a, r, e, d, m, i, false);
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
  next: usize, w: usize, g: usize, s: usize, lr: f32, epsilon: f32, decay: f32, n: i32
): void {
  const l = splat(lr), e = splat(epsilon), d = splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) adagradAt(next, w, g, s, l, e, d, i, true);
  for (; i < n; i++) adagradAt(next, w, g, s, l, e, d, i, false);
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
  g: usize, w: usize, m: usize, v: usize, correction1: f32, correction2: f32, rest1: f32,
  beta2: f32, rest2: f32, epsilon: f32, decay: f32, n: i32
): void {
  const c1 = splat(correction1), c2 = splat(correction2), r1 = splat(rest1), b2 = splat(beta2);
  const r2 = splat(rest2), e = splat(epsilon), d = splat(decay);
  let i = 0;
  for (; i + 4 <= n; i += 4) lambDirectionAt(g, w, m, v, c1, c2, r1, b2, r2, e, d, i, true);
  for (; i < n; i++) lambDirectionAt(g, w, m, v, c1, c2, r1, b2, r2, e, d, i, false);
}
