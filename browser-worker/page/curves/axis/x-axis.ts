/** What the curves stand over: steps, samples, epochs or the run's own time. The server speaks of steps alone. */
import type { HistoryView } from '../../../../shared/status/monitoring.js';
import type { XKind } from '../../data/address.js';
import { count, duration } from '../../data/format.js';

/** A run, as far as its x axis needs it. */
export interface Stepped {
  view: HistoryView;
  /** Null where it is not known: then epochs are steps. */
  stepsPerEpoch: number | null;
}

/** Where a step stands on the axis. Between two buckets, and before the first, it is on the line between them. */
export function xOf({ view: { curve }, stepsPerEpoch }: Stepped, kind: XKind, step: number): number {
  if (kind === 'step') return step;
  if (kind === 'epoch') return step / (stepsPerEpoch ?? 1);
  return between(curve.step, curve[kind], step);
}

/** The step at a place of the axis. */
export function stepAt({ view: { curve }, stepsPerEpoch }: Stepped, kind: XKind, x: number): number {
  if (kind === 'step') return Math.round(x);
  if (kind === 'epoch') return Math.round(x * (stepsPerEpoch ?? 1));
  return Math.round(between(curve[kind], curve.step, x));
}

/** Rises strictly, as charts need it: steps that took no time that can be told stay in their order. */
export function xsOf(run: Stepped, kind: XKind, steps: readonly number[]): number[] {
  let before = Number.NEGATIVE_INFINITY;
  return steps.map((step) => {
    const x = xOf(run, kind, step);
    before = x > before ? x : before + Math.max(1e-9, Math.abs(before) * 1e-12);
    return before;
  });
}

/** @param xs rising; the line begins at 0, 0 and stays level behind its end */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  if (low === xs.length) return ys.at(-1) ?? 0;
  const [x0, y0] = low === 0 ? [0, 0] : [xs[low - 1]!, ys[low - 1]!];
  const [x1, y1] = [xs[low]!, ys[low]!];
  return x1 === x0 ? y1 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}

/** A label of the axis. */
export function xLabel(kind: XKind, x: number): string {
  if (kind === 'time') return duration(x);
  if (kind === 'epoch') return String(Number(x.toFixed(2)));
  return Number.isInteger(x) ? count(x) : '';
}

/** A place in words. */
export function xInWords(kind: XKind, x: number, step: number): string {
  const where = `step ${count(step)}`;
  if (kind === 'time') return `${where}, ${duration(x)}`;
  if (kind === 'epoch') return `${where}, epoch ${x.toFixed(2)}`;
  return kind === 'samples' ? `${where}, ${count(x)} samples` : where;
}
