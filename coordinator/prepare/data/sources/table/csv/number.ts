/** Numbers as most tables have them, read where they stand in a longer text: without a copy, and exact. */

/** A whole number of so many digits, divided by a power of ten of up to 22, is rounded once: as `Number` does. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

const [PLUS, MINUS, ZERO] = [0x2b, 0x2d, 0x30];

/**
 * @param mark the code of the decimal mark
 * @returns NaN for what is no number, and for numbers of many digits or with an exponent: these are to be read otherwise
 */
export function plainNumber(text: string, from: number, to: number, mark: number): number {
  const first = text.charCodeAt(from);
  const isNegative = first === MINUS;
  let whole = 0;
  let digits = 0;
  let markAt = -1;
  for (let at = isNegative || first === PLUS ? from + 1 : from; at < to; at++) {
    const code = text.charCodeAt(at);
    const digit = code - ZERO;
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digits++;
    } else if (code === mark && markAt < 0) markAt = at;
    else return Number.NaN;
  }
  if (digits === 0 || digits > EXACT_DIGITS) return Number.NaN;
  const value = markAt < 0 ? whole : whole / POWERS[to - markAt - 1]!;
  return isNegative ? -value : value;
}
