/** What a curve shows of runs, as the columns of one chart: runs beside each other over all of their steps. */
import uPlot from 'uplot';
import type { Column, HistoryView } from '../../../shared/status/monitoring.js';
import type { XKind } from '../data/address.js';
import { type ShownRange, shownRange } from './axis/outliers.js';
import { xsOf } from './axis/x-axis.js';
import { smoothed, smoothedOnLog } from './curves.js';

export type Quantity = 'loss' | 'metric' | 'learningRate' | 'gradientNorm';

export interface CurveRun {
  id: string;
  name: string;
  /** CSS variable of its color. */
  color: string;
  view: HistoryView;
  stepsPerEpoch: number | null;
}

/** Whether evaluations measure it too. */
export const isEvaluated = (quantity: Quantity): quantity is 'loss' | 'metric' =>
  quantity === 'loss' || quantity === 'metric';

/** Series of one run: the mean, smoothed; the mean; the band's two borders; evaluations. */
export const SERIES = 5;

export function joinedData(
  runs: CurveRun[],
  quantity: Quantity,
  smoothing: number,
  isLog: boolean,
  x: XKind = 'step',
): uPlot.AlignedData {
  // A logarithmic axis has no place for what is not above 0.
  const shown = (values: number[]) => (isLog ? values.map((value) => (value > 0 ? value : null)) : values);
  const line = isLog ? smoothedOnLog : smoothed;
  const tables = runs.flatMap((run): uPlot.AlignedData[] => {
    const { curve, evaluations } = run.view;
    const { mean, min, max }: Column = curve[quantity];
    const tests = isEvaluated(quantity) ? evaluations[quantity].mean : evaluations.step.map(() => null);
    return [
      [xsOf(run, x, curve.step), shown(line(mean, smoothing)), shown(mean), shown(max), shown(min)],
      [xsOf(run, x, evaluations.step), isLog ? shown(tests as number[]) : tests],
    ];
  });
  if (runs.every(({ view }) => view.curve.step.length + view.evaluations.step.length === 0)) return [[]];
  return uPlot.join(tables);
}

/** Schedules and accuracies have no outliers. */
export function rangeWithoutOutliers(
  runs: CurveRun[],
  quantity: Quantity,
  isLog: boolean,
): ShownRange | undefined {
  const isError = runs[0]?.view.metric === 'meanAbsoluteError';
  if (quantity === 'learningRate' || (quantity === 'metric' && !isError)) return undefined;
  return shownRange(
    runs.flatMap(({ view: { curve, evaluations } }) => {
      const tests = isEvaluated(quantity) ? evaluations[quantity].mean : [];
      // Held against the beginning of the training: an evaluation comes later.
      return [[...curve[quantity].mean, ...tests]];
    }),
    { isLog, against: quantity === 'gradientNorm' ? 'most' : 'beginning' },
  );
}
