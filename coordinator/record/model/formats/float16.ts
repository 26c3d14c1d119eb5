/** Half precision: 16 bits of IEEE 754, a sign, 5 bits of exponent, 10 of fraction. */

/** The largest number that it holds. */
export const MAX_FLOAT16 = 65_504;

/** The bits nearest to a number, to the even ones where two are; beyond the largest number, those of infinity. */
export function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  // Midway to the number that would come after the largest one.
  if (size >= 65_520) return sign | 0x7c00;
  // Numbers below 2^-14 are multiples of 2^-24; the fraction's carry goes into the exponent by itself.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 10);
  const steps = roundedToEven(size / step);
  return sign | (exponent === -14 ? steps : ((exponent + 14) << 10) + steps);
}

function roundedToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest === 0.5) return low + (low % 2);
  return rest > 0.5 ? low + 1 : low;
}
