/** Numbers as the contribution panel shows them. */

/** `12,480`: the same everywhere, since the page speaks English. */
export const count = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });

export const percent = (share: number): string =>
  `${(100 * share).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;

export const loss = (value: number): string =>
  Number.isFinite(value) ? value.toPrecision(3) : 'not a number';

const UNITS = ['B', 'KB', 'MB', 'GB'];

export function bytes(value: number): string {
  const unit = Math.min(UNITS.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** unit).toLocaleString('en', { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${UNITS[unit]}`;
}
