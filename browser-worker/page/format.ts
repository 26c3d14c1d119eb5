/** Numbers and times as people read them. A value that is not known is a dash. */

const DASH = '–';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

type Known = number | null | undefined;
const isKnown = (value: Known): value is number => typeof value === 'number' && Number.isFinite(value);

export const count = (value: Known): string => (isKnown(value) ? whole.format(value) : DASH);

export const percent = (value: Known, digits = 2): string =>
  isKnown(value) ? `${(100 * value).toFixed(digits)} %` : DASH;

/** Four digits that count, without an exponent where people can do without. */
export function significant(value: Known, digits = 4): string {
  if (!isKnown(value)) return DASH;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(2).replace('e+', 'e');
  if (size >= 1000) return whole.format(value);
  return String(Number(value.toPrecision(digits)));
}

/** Fixed length where it counts: `0.0430`, so that a changing number does not jump. */
export const steady = (value: Known): string =>
  isKnown(value) && Math.abs(value) >= 1e-3 ? value.toPrecision(4) : significant(value);

export function duration(seconds: Known): string {
  if (!isKnown(seconds)) return DASH;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** unit;
  return `${unit > 0 && scaled < 100 ? scaled.toPrecision(3) : whole.format(scaled)} ${units[unit]}`;
}

export const clockTime = (at: number): string => new Date(at).toLocaleTimeString('en-GB');
