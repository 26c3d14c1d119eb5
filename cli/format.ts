/** Numbers and tables for people, in one way everywhere. Unknown numbers are shown as a dash. */
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export const DASH = '–';

export const count = (value: number): string => grouped.format(value);

/** A share of 1, with two decimals: what a test set of 10,000 samples can tell apart. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Four significant digits, never in exponents where people can read it without. */
export function significant(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6)) return value.toExponential(3);
  return value.toPrecision(4);
}

/** The two largest units: `41 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

export const known = <T>(value: T | null | undefined, format: (value: T) => string): string =>
  value === null || value === undefined ? DASH : format(value);

/** Columns side by side, two spaces apart; numbers, and the heads above them, stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column]!.length)),
  );
  const isRight = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        isRight[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [head, ...texts].map(line);
}
