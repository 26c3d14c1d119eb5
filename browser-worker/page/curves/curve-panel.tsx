/**
 * One curve over the steps, of one run or of several: the mean as a line, the spread within a bucket as a
 * band, evaluations as points. Dragging zooms all curves at once, and a double click shows all again.
 */
import type { ComponentChildren } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Column, HistoryView } from '../../../shared/status/monitoring.js';
import { count, significant } from '../data/format.js';
import { Chart } from './chart.js';
import { type Range, smoothed } from './curves.js';

type Quantity = 'loss' | 'metric' | 'learningRate' | 'gradientNorm';

export interface CurveRun {
  id: string;
  name: string;
  /** CSS variable of its color. */
  color: string;
  view: HistoryView;
}

export interface CurvePanelProps {
  title: string;
  quantity: Quantity;
  runs: CurveRun[];
  smoothing: number;
  isLog: boolean;
  height: number;
  class: string;
  format(value: number): string;
  /** Formats a label of an axis whose labels are `step` apart. */
  label(value: number, step: number): string;
  onZoom(range: Range | undefined): void;
  children?: ComponentChildren;
}

const SYNC = 'steps';
/** Series of one run: the mean, smoothed; the mean; the band's two borders; evaluations. */
const SERIES = 5;

export function CurvePanel(props: CurvePanelProps) {
  const { title, quantity, runs, smoothing, isLog, height, format } = props;
  const data = useMemo(
    () => joinedData(runs, quantity, smoothing, isLog),
    [runs, quantity, smoothing, isLog],
  );
  const readout = useRef<HTMLElement>(null);
  const several = runs.length > 1;
  const hasTests = quantity === 'loss' || quantity === 'metric';
  const latest = useRef(props);
  latest.current = props;

  const show = (plot: uPlot) => {
    if (readout.current) readout.current.textContent = hovered(plot, latest.current);
  };
  const options = (color: (name: string) => string): Omit<uPlot.Options, 'width' | 'height'> => ({
    legend: { show: false },
    padding: [8, 16, 0, 0],
    cursor: {
      sync: { key: SYNC },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { time: false },
      y: { distr: isLog ? 3 : 1, range: isLog ? undefined : rangeOf } as uPlot.Scale,
    },
    axes: [
      axis(color, {
        values: (_plot, splits) => splits.map((step) => (Number.isInteger(step) ? count(step) : '')),
        size: 26,
        grid: { show: false },
      }),
      axis(color, {
        size: 58,
        values: (_plot, splits, _axis, _space, step) =>
          splits.map((value) =>
            value === null ? '' : isLog ? format(value) : latest.current.label(value, step),
          ),
        ...(isLog
          ? {
              filter: roundLogs,
              grid: { stroke: color('grid'), width: 1, filter: roundLogs },
            }
          : {}),
      }),
    ],
    bands: runs.map((_, run) => ({
      series: [run * SERIES + 3, run * SERIES + 4] as [number, number],
      fill: alpha(color(runs[run]!.color), 0.13),
    })),
    series: [
      {},
      ...runs.flatMap(({ color: name }) =>
        seriesOf(color(name), several ? color(name) : color('test'), smoothing > 0),
      ),
    ],
    hooks: {
      setCursor: [show],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')].map(Math.round) as [
            number,
            number,
          ];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to > from) latest.current.onZoom({ from: Math.max(1, from), to });
        },
      ],
      ready: [(plot) => plot.over.addEventListener('dblclick', () => latest.current.onZoom(undefined))],
    },
  });

  return (
    <section class={props.class}>
      <h2>
        {title}
        {props.children}
        <span class="readout" ref={readout} />
        <span class="legend">
          {several ? (
            runs.map((run) => <Key key={run.name} color={run.color} text={run.name} />)
          ) : hasTests ? (
            <>
              <Key color="train" text="train" />
              <Key color="test" text="test" />
            </>
          ) : null}
        </span>
      </h2>
      {data[0].length > 0 ? (
        <Chart
          data={data}
          options={options}
          shape={`${isLog} ${smoothing > 0} ${runs.map((run) => run.name).join()}`}
          height={height}
          label={inWords(props)}
        />
      ) : (
        <p class="empty">Begins with the first step.</p>
      )}
    </section>
  );
}

const Key = ({ color, text }: { color: string; text: string }) => (
  <span>
    <i class={`key ${color}`} />
    {text}
  </span>
);

function joinedData(
  runs: CurveRun[],
  quantity: Quantity,
  smoothing: number,
  isLog: boolean,
): uPlot.AlignedData {
  // A logarithmic axis has no place for what is not above 0.
  const shown = (values: number[]) => (isLog ? values.map((value) => (value > 0 ? value : null)) : values);
  const tables = runs.flatMap(({ view: { curve, evaluations } }): uPlot.AlignedData[] => {
    const { mean, min, max }: Column = curve[quantity];
    const tests =
      quantity === 'loss' || quantity === 'metric'
        ? evaluations[quantity].mean
        : evaluations.step.map(() => null);
    return [
      [curve.step, shown(smoothed(mean, smoothing)), shown(mean), shown(max), shown(min)],
      [evaluations.step, isLog ? shown(tests as number[]) : tests],
    ];
  });
  if (runs.every(({ view }) => view.curve.step.length + view.evaluations.step.length === 0)) return [[]];
  return uPlot.join(tables);
}

function seriesOf(line: string, test: string, isSmoothed: boolean): uPlot.Series[] {
  const base: uPlot.Series = { spanGaps: true, points: { show: false } };
  const hidden: uPlot.Series = { ...base, stroke: 'transparent', width: 0 };
  return [
    { ...base, stroke: line, width: 2 },
    { ...base, stroke: alpha(line, isSmoothed ? 0.35 : 0), width: 1 },
    hidden,
    hidden,
    {
      spanGaps: true,
      stroke: alpha(test, 0.55),
      width: 1,
      dash: [3, 3],
      points: { show: true, size: 7, fill: test, stroke: 'transparent', width: 0 },
    },
  ];
}

function axis(color: (name: string) => string, more: uPlot.Axis): uPlot.Axis {
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
function rangeOf(_plot: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  // Values that differ by rounding alone are one value.
  const room = max - min > 1e-9 * Math.abs(max) ? 0.06 * (max - min) : Math.abs(max) * 0.1 || 1;
  return [
    min >= 0 && min - room < 0 ? 0 : min - room,
    max <= 1 && min >= 0 && max + room > 1 ? 1 : max + room,
  ];
}

/** Labels of a logarithmic axis: fewer where it goes over many powers of ten. */
function roundLogs(plot: uPlot, splits: number[]): (number | null)[] {
  const { min, max } = plot.scales.y!;
  const decades = Math.log10((max ?? 1) / (min ?? 1));
  const digits = decades < 0.8 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 2 ? [1, 2, 5] : [1, 3];
  return splits.map((value) => (digits.includes(leadingDigit(value)) ? value : null));
}

const leadingDigit = (value: number): number =>
  Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));

const alpha = (color: string, opacity: number): string =>
  `${color}${Math.round(255 * opacity)
    .toString(16)
    .padStart(2, '0')}`;

function hovered(plot: uPlot, { runs, format, quantity }: CurvePanelProps): string {
  const { idx } = plot.cursor;
  if (idx === null || idx === undefined) return '';
  const value = (series: number) => plot.data[series]?.[idx];
  const parts = runs.flatMap(({ name }, run) => {
    const [train, test] = [value(run * SERIES + 2), value(run * SERIES + 5)];
    const of = runs.length > 1 ? `${name} ` : quantity === 'loss' || quantity === 'metric' ? 'train ' : '';
    return [
      ...(typeof train === 'number' ? [`${of}${format(train)}`] : []),
      ...(typeof test === 'number' ? [`${runs.length > 1 ? of : ''}test ${format(test)}`] : []),
    ];
  });
  return parts.length > 0 ? `step ${count(plot.data[0][idx])}: ${parts.join(', ')}` : '';
}

function inWords({ title, runs, quantity, format }: CurvePanelProps): string {
  const parts = runs.map(({ name, view: { curve } }) => {
    const { mean } = curve[quantity];
    const who = runs.length > 1 ? `${name}: ` : '';
    if (mean.length === 0) return `${who}no steps yet`;
    return `${who}from ${format(mean[0]!)} at step ${count(curve.step[0])} to ${format(mean.at(-1)!)} at step ${count(curve.step.at(-1))}`;
  });
  return `${title}, ${parts.join('; ')}`;
}

export const plainNumber = (value: number): string => significant(value, 3);

/** Formats a number with as many decimals as the labels of an axis need to differ. */
export const plainLabel = (value: number, step: number): string =>
  Math.abs(step) < 1e-6 || Math.abs(value) >= 1e6 ? value.toExponential(1) : value.toFixed(decimalsOf(step));

export const decimalsOf = (step: number): number => Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
