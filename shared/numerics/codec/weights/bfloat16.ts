/**
 * bfloat16: the upper half of a float32. Rounding is to nearest, ties to even; a NaN becomes 0x7fc0, and what is too large
 * infinity. One pass over 32-bit integers, the same in every runtime.
 */

const NAN = 0x7fc0;

/** Above these bits, without their sign, is no number. */
const INFINITE = 0x7f800000;

function rounded(bits: number): number {
  if ((bits & 0x7fffffff) > INFINITE) return NAN;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array) => new Uint32Array(buffer, byteOffset, length);

/** @param into as many as there are values */
export function toBfloat16(values: Float32Array, into: Uint16Array): void {
  const bits = bitsOf(values);
  for (let i = 0; i < bits.length; i++) into[i] = rounded(bits[i]!);
}

/** @param into as many as there are `halves` */
export function fromBfloat16(halves: Uint16Array, into: Float32Array): void {
  const bits = bitsOf(into);
  for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
}

/** To bfloat16 and back. @param into as many as there are values */
export function roundToBfloat16(values: Float32Array, into: Float32Array): void {
  const [from, to] = [bitsOf(values), bitsOf(into)];
  for (let i = 0; i < from.length; i++) to[i] = rounded(from[i]!) << 16;
}
