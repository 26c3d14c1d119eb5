/** Numbers and tables for people, in one way everywhere. Unknown numbers are shown as a dash. */
import { count } from '../../shared/status/figures.js';

export const DASH = '–';

export { count, duration, percent, significant } from '../../shared/status/figures.js';

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
