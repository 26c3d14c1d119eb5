/**
 * One curve, of one run or of several: the mean as a line, the spread within a bucket as a band, evaluations as points.
 * Dragging zooms all curves at once, a double click shows all again, and a click pins a step.
 */
import type { ComponentChildren } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { XKind } from '../data/address.js';
import { count } from '../data/format.js';
import { axis, logLabel, logRangeOf, rangeOf, roundLogs } from './axis/axes.js';
import { stepAt, xInWords, xLabel } from './axis/x-axis.js';
import { Chart } from './chart.js';
import {
  type CurveRun,
  isEvaluated,
  joinedData,
  type Quantity,
  rangeWithoutOutliers,
  SERIES,
} from './curve-data.js';
import type { Range } from './curves.js';
import type { Flag } from './flags.js';
import { Keep } from './keep.js';
import { drawMarks, marksOf } from './marks.js';

export interface CurvePanelProps {
  title: string;
  quantity: Quantity;
  runs: CurveRun[];
  smoothing: number;
  isLog: boolean;
  x: XKind;
  /** The step that is looked at. */
  step: number | undefined;
  /** Whether the axis goes over values that are far away, too. */
  isWhole: boolean;
  flags: readonly Flag[];
  height: number;
  class: string;
  format(value: number): string;
  /** Formats a label of an axis whose labels are `step` apart. */
  label(value: number, step: number): string;
  onZoom(range: Range | undefined): void;
  onPin(step: number | undefined): void;
  /** Whether it can be taken away as a file. */
  isKept?: boolean;
  children?: ComponentChildren;
}

const SYNC = 'steps';

/** The cursor stands on a step: between two, each of the charts that it moves in would round by itself. */
const toStep = (plot: uPlot, left: number, top: number): [number, number] => {
  const step = left < 0 ? undefined : plot.data[0][plot.posToIdx(left)];
  return [step === undefined ? left : plot.valToPos(step, 'x'), top];
};

export function CurvePanel(props: CurvePanelProps) {
  const { title, quantity, runs, smoothing, isLog, height, x, step, flags, isWhole, format } = props;
  const data = useMemo(
    () => joinedData(runs, quantity, smoothing, isLog, x),
    [runs, quantity, smoothing, isLog, x],
  );
  const range = useMemo(
    () => (isWhole ? undefined : rangeWithoutOutliers(runs, quantity, isLog)),
    [runs, quantity, isLog, isWhole],
  );
  const marks = useMemo(
    () => marksOf({ runs, quantity, x, step, flags, format }),
    [runs, quantity, x, step, flags],
  );
  const now = useRef({ range, marks });
  now.current = { range, marks };
  const readout = useRef<HTMLElement>(null);
  const panel = useRef<HTMLElement>(null);
  const several = runs.length > 1;
  const hasTests = isEvaluated(quantity);
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
      move: toStep,
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { time: false },
      y: {
        distr: isLog ? 3 : 1,
        range: (plot: uPlot, min: number | null, max: number | null) => {
          const { range } = now.current;
          const [low, high] = range ? [range.min, range.max] : [min, max];
          return isLog ? logRangeOf(low, high) : rangeOf(plot, low, high);
        },
      } as uPlot.Scale,
    },
    axes: [
      axis(color, {
        values: (_plot, splits) => splits.map((at) => xLabel(latest.current.x, at)),
        size: 26,
        grid: { show: false },
      }),
      axis(color, {
        size: 58,
        values: (_plot, splits, _axis, _space, step) =>
          splits.map((value) =>
            value === null ? '' : isLog ? logLabel(value) : latest.current.label(value, step),
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
      draw: [(plot) => drawMarks(plot, now.current.marks, color)],
      setCursor: [show],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const stepOf = (left: number) => stepAtOf(latest.current, plot.posToVal(left, 'x'));
          const [from, to] = [stepOf(left), stepOf(left + width)];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to > from) latest.current.onZoom({ from: Math.max(1, from), to });
        },
      ],
      ready: [
        (plot) => {
          plot.over.addEventListener('dblclick', () => latest.current.onZoom(undefined));
          plot.over.addEventListener('click', () => {
            const at = plot.data[0][plot.cursor.idx ?? -1];
            if (at !== undefined) latest.current.onPin(stepAtOf(latest.current, at));
          });
        },
      ],
    },
  });

  return (
    <section class={props.class} ref={panel}>
      <h2>
        {title}
        {props.children}
        {range?.isCut && (
          <small title="A few values are far beyond the axis; `Outliers` shows them">outliers cut off</small>
        )}
        <span class="readout" ref={readout} />
        <span class="legend">
          {several ? (
            runs.map((run) => <Key key={run.name} color={run.color} text={run.name} />)
          ) : hasTests ? (
            <>
              <Key color="train" text="train" />
              <Key color="test" text={runs[0]?.view.evaluatedOn ?? 'test'} />
            </>
          ) : null}
        </span>
        {props.isKept && <Keep {...{ title, runs, quantity, panel }} />}
      </h2>
      {data[0].length > 0 ? (
        <Chart
          data={data}
          options={options}
          shape={`${isLog} ${smoothing > 0} ${x} ${isWhole} ${runs.map((run) => run.name).join()}`}
          height={height}
          marks={marks}
          label={inWords(props)}
        />
      ) : (
        <p class="empty" style={{ margin: 0, minHeight: `${height}px` }}>
          Begins with the first step.
        </p>
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

const alpha = (color: string, opacity: number): string =>
  `${color}${Math.round(255 * opacity)
    .toString(16)
    .padStart(2, '0')}`;

/** The step at a place of the axis, as the first run has it. */
const stepAtOf = ({ runs, x }: CurvePanelProps, at: number): number =>
  runs[0] ? Math.max(1, stepAt(runs[0], x, at)) : 1;

function hovered(plot: uPlot, props: CurvePanelProps): string {
  const { runs, format, quantity, x } = props;
  const { idx } = plot.cursor;
  if (idx === null || idx === undefined) return '';
  const value = (series: number) => plot.data[series]?.[idx];
  const parts = runs.flatMap(({ name, view: { evaluatedOn } }, run) => {
    const [train, test] = [value(run * SERIES + 2), value(run * SERIES + 5)];
    const of = runs.length > 1 ? `${name} ` : isEvaluated(quantity) ? 'train ' : '';
    return [
      ...(typeof train === 'number' ? [`${of}${format(train)}`] : []),
      ...(typeof test === 'number' ? [`${runs.length > 1 ? of : ''}${evaluatedOn} ${format(test)}`] : []),
    ];
  });
  const at = plot.data[0][idx]!;
  return parts.length > 0 ? `${xInWords(x, at, stepAtOf(props, at))}: ${parts.join(', ')}` : '';
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
