/** What a field of a table says: a number, nothing, or something else. */

const POINT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const COMMA = /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i;
const GROUPED = /^[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d+)?$/;

/** How people and programs write that a value is missing. */
const MISSING =
  /^(\?|\.|na|n\/a|#n\/a|#na|<na>|[+-]?nan|null|\\n|none|undefined|#(null|num|ref|value|div\/0)!|#name\?)?$/i;

export type DecimalMark = 'point' | 'comma';

export const isMissing = (field: string): boolean => MISSING.test(field);

/** Decimal, with or without an exponent; nothing else that JavaScript would take (hexadecimal, blanks). */
export const isNumber = (field: string, decimal: DecimalMark): boolean =>
  (decimal === 'point' ? POINT : COMMA).test(field);

/** @returns NaN for what is no number; possibly infinite for one beyond float64 */
export function numberOf(field: string, decimal: DecimalMark): number {
  if (!isNumber(field, decimal)) return Number.NaN;
  return Number(decimal === 'point' ? field : field.replace(',', '.'));
}

/** Matches what people would read as a number, in any notation. */
export const looksNumeric = (field: string): boolean =>
  POINT.test(field) || COMMA.test(field) || GROUPED.test(field);

/** What to do about a field that is no number, where that can be told. */
export function hintOf(field: string, decimal: DecimalMark): string | undefined {
  if (isMissing(field)) return 'missing=drop leaves such rows out';
  const hints: string[] = [];
  if (decimal === 'point' && COMMA.test(field)) hints.push('decimal=comma reads a comma as the decimal mark');
  if (decimal === 'comma' && POINT.test(field)) hints.push('decimal=point reads a point as the decimal mark');
  if (GROUPED.test(field)) hints.push('separators of thousands are not read: take them out');
  return hints.length > 0 ? hints.join('; ') : undefined;
}

/**
 * The name of the class that a label means: numbers that are equal are one class, however they are written, as
 * long as float64 tells them apart.
 */
export function classNameOf(field: string, decimal: DecimalMark): string {
  if (!isNumber(field, decimal)) return field.normalize('NFC');
  const digits = field.replace(/e.*$/i, '').replace(/\D/g, '').replace(/^0+/, '');
  const value = numberOf(field, decimal);
  return digits.length <= 15 && Number.isFinite(value) && (value !== 0 || digits === '')
    ? String(value + 0)
    : field;
}
