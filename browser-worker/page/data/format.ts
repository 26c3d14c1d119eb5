/** Numbers and times as people read them. A value that is not known is a dash. */
import { duration as ofSeconds, significant as withZeros } from '../../../shared/status/figures.js';

const DASH = '–';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

type Known = number | null | undefined;
const isKnown = (value: Known): value is number => typeof value === 'number' && Number.isFinite(value);

export const count = (value: Known): string => (isKnown(value) ? whole.format(value) : DASH);

export const percent = (value: Known, digits = 2): string =>
  isKnown(value) ? `${(100 * value).toFixed(digits)} %` : DASH;

/** Formats significant digits as the terminal does, without trailing zeros. */
export function significant(value: Known, digits = 4): string {
  if (!isKnown(value)) return DASH;
  const [number, exponent] = withZeros(value, digits).split('e+');
  const shown = number!.includes('.') ? number!.replace(/\.?0+(?=$|e)/, '') : number!;
  return exponent ? `${shown}e${exponent}` : shown;
}

/** Keeps its zeros, as the terminal does: `0.0430`, so that a changing number does not jump. */
export const steady = (value: Known, digits = 4): string =>
  isKnown(value) ? withZeros(value, digits).replace('e+', 'e') : DASH;

export const duration = (seconds: Known): string => (isKnown(seconds) ? ofSeconds(seconds) : DASH);

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** unit;
  return `${unit > 0 && scaled < 100 ? scaled.toPrecision(3) : whole.format(scaled)} ${units[unit]}`;
}

export const clockTime = (at: number): string => new Date(at).toLocaleTimeString('en-GB');
