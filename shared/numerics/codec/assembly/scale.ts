// Scales of blocks: bits of bfloat16.

// @ts-nocheck: AssemblyScript's types and decorators are not TypeScript's.

export const BLOCK: i32 = 64;

// The scale of the block at `values`: 0 for a zero block, 0x7fc0 for one that holds what is no number.
// @ts-ignore: decorator
@inline
export function scaleOf(values: usize, levels: f32): u32 {
  let largest = f32x4.splat(0);
  for (let i: i32 = 0; i < BLOCK; i += 4) largest = f32x4.max(largest, f32x4.abs(v128.load(values + (<usize>i << 2))));
  // A NaN stays one through all of these.
  const a = max(
    max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
  if (!(a < reinterpret<f32>(0x7f000000))) return 0x7fc0;
  if (a < reinterpret<f32>(0x0d800000)) return 0;
  return (reinterpret<u32>(a / levels) + 0xffff) >>> 16;
}

// @ts-ignore: decorator
@inline
export function wide(scale: u32): f32 { return reinterpret<f32>(scale << 16); }
