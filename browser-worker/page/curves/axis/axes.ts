/** Axes of a chart: how they look, which range they have, and what stands at them. */
import type uPlot from 'uplot';
import { significant } from '../../data/format.js';

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

/** The same on a logarithmic axis, which has no place for 0. */
export function logRangeOf(min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null || !(min > 0)) return [0.1, 1];
  const room = max / min > 1 + 1e-9 ? (max / min) ** 0.05 : 2;
  return [min / room, max * room];
}

/** Labels of a logarithmic axis are so far apart, in CSS pixels. */
const LABEL_PX = 16;
/** Which of a decade's values are labeled, from few to many, with the least distance between two of them in decades. */
const LABELED: readonly [digits: readonly number[], apart: number][] = [
  [[1], 1],
  [[1, 3], Math.log10(3)],
  [[1, 2, 5], Math.log10(2)],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9], Math.log10(10 / 9)],
];

/**
 * Labels of a logarithmic axis: as many as have room, powers of ten first, and only some of those where a run that has
 * diverged makes it go over dozens of them.
 * @param height of the axis, in CSS pixels
 */
export function logLabels(
  splits: readonly number[],
  { min, max }: { min: number; max: number },
  height: number,
): (number | null)[] {
  // What lies beside the axis has no place at it.
  const isOn = (value: number) => value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9);
  const perDecade = height / Math.max(1e-9, Math.log10(max / min));
  const fitting = LABELED.findLast(([, apart]) => apart * perDecade >= LABEL_PX);
  if (fitting)
    return splits.map((value) => (isOn(value) && fitting[0].includes(leadingDigit(value)) ? value : null));
  const every = Math.ceil(LABEL_PX / perDecade);
  return splits.map((value) =>
    isOn(value) && leadingDigit(value) === 1 && Math.round(Math.log10(value)) % every === 0 ? value : null,
  );
}

export const roundLogs = (plot: uPlot, splits: number[]): (number | null)[] =>
  logLabels(
    splits,
    { min: plot.scales.y!.min ?? 1, max: plot.scales.y!.max ?? 10 },
    plot.bbox.height / devicePixelRatio,
  );

const leadingDigit = (value: number): number =>
  Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));

/** A label of a logarithmic axis: round, whatever its addition has left behind, and short, however large. */
export function logLabel(value: number): string {
  const [digit, power] = [leadingDigit(value), powerOf(value)];
  return power >= 5 || power < -4 ? `${digit}e${power}` : plainNumber(digit * 10 ** power);
}

export const plainNumber = (value: number): string => significant(value, 3);

/** Formats a number with as many digits as the labels of an axis need to differ. */
export function plainLabel(value: number, step: number): string {
  if (Math.abs(step) >= 1e-6 && Math.abs(value) < 1e6) return value.toFixed(decimalsOf(step));
  // What rounding has left of 0 is 0.
  if (Math.abs(value) < Math.abs(step) / 2) return '0';
  return value.toExponential(Math.max(0, powerOf(value) + digitsOf(step)));
}

const powerOf = (value: number): number => Math.floor(Math.log10(Math.abs(value)) + 1e-9);

/** Digits behind the point that a distance of labels has; fewer than 0 where it ends in zeros. 2.5 has one more than 2. */
function digitsOf(step: number): number {
  const power = powerOf(step);
  const leading = Math.abs(step) / 10 ** power;
  return Math.abs(leading - Math.round(leading)) > 1e-6 ? 1 - power : -power;
}

export const decimalsOf = (step: number): number => Math.max(0, digitsOf(step));
