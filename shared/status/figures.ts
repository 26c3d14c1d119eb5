/** Numbers as people read them: in the log, in terminals and on pages. */
/** Made when it is first needed: the data of all languages take 30 ms to load. */
let grouped: Intl.NumberFormat | undefined;

/** `12,345`, rounded to whole numbers. */
export function count(value: number): string {
  grouped ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
  return grouped.format(value);
}

/** Some digits that count, and all of those before the point; in exponents only where people cannot do without. */
export function significant(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(digits - 1);
  return size >= 10 ** (digits - 1) ? count(value) : value.toPrecision(digits);
}

/** A share of 1, with two decimals: what a test set of 10,000 samples can tell apart. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** The two largest units: `41s`, `4m 30s`, `1h 32m`, `2d 4h`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}
