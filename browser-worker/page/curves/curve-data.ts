/** What a curve shows of runs, as the columns of one chart: runs beside each other over all of their steps. */
import uPlot from 'uplot';
import type { Column, HistoryView } from '../../../shared/status/monitoring.js';
import { smoothed, smoothedOnLog } from './curves.js';

export type Quantity = 'loss' | 'metric' | 'learningRate' | 'gradientNorm';

export interface CurveRun {
  id: string;
  name: string;
  /** CSS variable of its color. */
  color: string;
  view: HistoryView;
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
): uPlot.AlignedData {
  // A logarithmic axis has no place for what is not above 0.
  const shown = (values: number[]) => (isLog ? values.map((value) => (value > 0 ? value : null)) : values);
  const line = isLog ? smoothedOnLog : smoothed;
  const tables = runs.flatMap(({ view: { curve, evaluations } }): uPlot.AlignedData[] => {
    const { mean, min, max }: Column = curve[quantity];
    const tests = isEvaluated(quantity) ? evaluations[quantity].mean : evaluations.step.map(() => null);
    return [
      [curve.step, shown(line(mean, smoothing)), shown(mean), shown(max), shown(min)],
      [evaluations.step, isLog ? shown(tests as number[]) : tests],
    ];
  });
  if (runs.every(({ view }) => view.curve.step.length + view.evaluations.step.length === 0)) return [[]];
  return uPlot.join(tables);
}
