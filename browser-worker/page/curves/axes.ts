/** Axes of a chart: how they look, which range they have, and what stands at them. */
import type uPlot from 'uplot';
import { significant } from '../data/format.js';

export function axis(color: (name: string) => string, more: uPlot.Axis): uPlot.Axis {
  return {
    stroke: color('soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('grid'), width: 1 },
    ticks: { show: false },
    gap: 6,
    ...more,
  };
}

/** Room above and below, and never an empty range. */
export function rangeOf(_plot: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  // Values that differ by rounding alone are one value.
  const room = max - min > 1e-9 * Math.abs(max) ? 0.06 * (max - min) : Math.abs(max) * 0.1 || 1;
  return [
    min >= 0 && min - room < 0 ? 0 : min - room,
    max <= 1 && min >= 0 && max + room > 1 ? 1 : max + room,
  ];
}

/** Labels of a logarithmic axis: fewer where it goes over many powers of ten. */
export function roundLogs(plot: uPlot, splits: number[]): (number | null)[] {
  const { min, max } = plot.scales.y!;
  const decades = Math.log10((max ?? 1) / (min ?? 1));
  const digits = decades < 0.8 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 2 ? [1, 2, 5] : [1, 3];
  return splits.map((value) => (digits.includes(leadingDigit(value)) ? value : null));
}

const leadingDigit = (value: number): number =>
  Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));

export const plainNumber = (value: number): string => significant(value, 3);

/** Formats a number with as many decimals as the labels of an axis need to differ. */
export const plainLabel = (value: number, step: number): string =>
  Math.abs(step) < 1e-6 || Math.abs(value) >= 1e6 ? value.toExponential(1) : value.toFixed(decimalsOf(step));

export const decimalsOf = (step: number): number => Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
