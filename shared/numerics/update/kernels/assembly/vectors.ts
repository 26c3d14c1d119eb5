// What kernels are made of: four elements of a vector at once, or one of them.
// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

@inline export function at(base: usize, i: i32): usize { return base + (<usize>i << 2); }
@inline export function get(base: usize, i: i32, four: bool): v128 {
  return four ? v128.load(at(base, i)) : v128.load_zero<u32>(at(base, i));
}
@inline export function put(base: usize, i: i32, value: v128, four: bool): void {
  if (four) v128.store(at(base, i), value);
  else v128.store_lane<u32>(at(base, i), value, 0);
}
@inline export function splat(x: f32): v128 { return f32x4.splat(x); }
@inline export function plus(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline export function minus(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline export function times(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
@inline export function over(a: v128, b: v128): v128 { return f32x4.div(a, b); }
@inline export function root(a: v128): v128 { return f32x4.sqrt(a); }

// a + share * (b - a): exactly a where both are equal
@inline export function toward(a: v128, b: v128, share: v128): v128 { return plus(a, times(share, minus(b, a))); }

// decay * v + (rest * u) * u
@inline export function squares(v: v128, u: v128, decay: v128, rest: v128): v128 {
  return plus(times(v, decay), times(times(rest, u), u));
}

// The two float64 accumulators of sumOfSquares go on in its order.
@inline export function squaresOn(sums: v128, pair: v128): v128 {
  const wide = f64x2.promote_low_f32x4(pair);
  return f64x2.add(sums, f64x2.mul(wide, wide));
}
@inline export function total(sums: v128): f64 { return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1); }
// g = (g + other) / by, or g / by where `other` is 0: for the four elements at `i`...
@inline export function meanOn(sums: v128, g: usize, other: usize, divisor: v128, i: i32): v128 {
  let sum = get(g, i, true);
  if (other) sum = plus(sum, get(other, i, true));
  const mean = over(sum, divisor);
  put(g, i, mean, true);
  return squaresOn(squaresOn(sums, mean), v128.shuffle<u32>(mean, mean, 2, 3, 2, 3));
}
// ...and for one of the rest, which begins at an even index: elements go to the two accumulators in turn.
@inline export function meanOnOne(sums: v128, g: usize, other: usize, by: f32, i: i32): v128 {
  let sum = load<f32>(at(g, i));
  if (other) sum += load<f32>(at(other, i));
  const mean: f32 = sum / by;
  store<f32>(at(g, i), mean);
  const square = <f64>mean * <f64>mean;
  return (i & 1) === 0
    ? f64x2.replace_lane(sums, 0, f64x2.extract_lane(sums, 0) + square)
    : f64x2.replace_lane(sums, 1, f64x2.extract_lane(sums, 1) + square);
}
