/** All curves, and the controls they share: smoothing, logarithmic axis, and the range of steps. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Greeting, HistoryView } from '../../../shared/status/monitoring.js';
import { type Shown, show, shownNow } from '../data/address.js';
import { count } from '../data/format.js';
import { useWall } from '../data/scheme.js';
import { decimalsOf, plainLabel, plainNumber } from './axes.js';
import type { CurveRun } from './curve-data.js';
import { CurvePanel } from './curve-panel.js';
import { Curves, type Range } from './curves.js';

/** Told apart by the color-blind too. */
const COLORS = ['run-1', 'run-2', 'run-3', 'run-4', 'run-5', 'run-6', 'run-7'];

export interface CurveState {
  runs: CurveRun[];
  smoothing: number;
  setSmoothing(amount: number): void;
  isLog: boolean;
  setLog(isLog: boolean): void;
  range: Range | undefined;
  onZoom(range: Range | undefined): void;
}

/**
 * @param era changes whenever all must be fetched anew
 * @param step updates of the run that is under way
 */
export function useCurves(runs: Greeting['runs'], era: number, step: number): CurveState {
  const [{ smoothing, isLog, range }, set] = useState(shownNow);
  const change = (change: Partial<Shown>) => {
    show(change);
    set(shownNow());
  };
  return {
    runs: useViews(runs, era, step, range),
    ...{ smoothing, isLog, range },
    setSmoothing: (smoothing) => change({ smoothing }),
    setLog: (isLog) => change({ isLog }),
    onZoom: (range) => change({ range }),
  };
}

/** The curves of all runs, fetched anew with each era and range, and extended as the run goes on. */
function useViews(runs: Greeting['runs'], era: number, step: number, range: Range | undefined): CurveRun[] {
  const ids = runs.map(({ id }) => id).join();
  const stores = useMemo(() => runs.map(({ id }) => new Curves(id)), [ids]);
  const [views, setViews] = useState<(HistoryView | undefined)[]>([]);
  const publish = () => setViews(stores.map((store) => store.view));

  // A fetch that fails is told by the lost connection; the next era fetches again.
  useEffect(() => {
    void Promise.all(stores.map((store) => store.load(range))).then(publish, () => undefined);
  }, [stores, era, range]);
  useEffect(() => {
    if (document.hidden) return;
    void Promise.all(stores.map((store) => store.extend())).then(
      (changed) => changed.some(Boolean) && publish(),
      () => undefined,
    );
  }, [stores, step]);

  return useMemo(
    () =>
      runs.flatMap(({ id, name }, i) => {
        const view = views[i];
        const color = runs.length > 1 ? COLORS[i % COLORS.length]! : 'train';
        return view ? [{ id, name, color, view }] : [];
      }),
    [views, ids],
  );
}

export function CurveControls({ runs, smoothing, setSmoothing, isLog, setLog, range, onZoom }: CurveState) {
  const last = Math.max(0, ...runs.map(({ view }) => view.curve.step.at(-1) ?? 0));
  const tenth = { from: Math.max(1, last - Math.ceil(last / 10)), to: last };
  return (
    <fieldset class="controls">
      <legend class="hidden">Curves</legend>
      <label>
        Smoothing
        <input
          type="range"
          min="0"
          max="0.98"
          step="0.02"
          value={smoothing}
          onInput={(event) => setSmoothing(Number(event.currentTarget.value))}
        />
        <output>{Math.round(100 * smoothing)} %</output>
      </label>
      <label>
        <input type="checkbox" checked={isLog} onChange={(event) => setLog(event.currentTarget.checked)} />
        Logarithmic loss
      </label>
      <span class="ranges">
        <button type="button" aria-pressed={!range} onClick={() => onZoom(undefined)}>
          All steps
        </button>
        <button type="button" disabled={last < 20} onClick={() => onZoom(tenth)}>
          Last tenth
        </button>
        {range ? (
          <span class="soft">
            steps {count(range.from)} to {count(range.to)}
          </span>
        ) : (
          <span class="soft wide-only">drag over a curve to zoom</span>
        )}
      </span>
    </fieldset>
  );
}

/** What a run is judged by. */
export function MainCurves({ runs, smoothing, isLog, onZoom }: CurveState) {
  const isAccuracy = runs[0]?.view.metric !== 'meanAbsoluteError';
  const height = useWall() ? 320 : 230;
  const common = { runs, smoothing, onZoom, class: 'half', height };
  return (
    <>
      <CurvePanel
        {...common}
        title="Loss"
        quantity="loss"
        isLog={isLog}
        format={plainNumber}
        label={plainLabel}
      >
        {isLog && <small>log</small>}
      </CurvePanel>
      <CurvePanel
        {...common}
        title={isAccuracy ? 'Accuracy' : 'Mean absolute error'}
        quantity="metric"
        isLog={false}
        format={isAccuracy ? percentage : plainNumber}
        label={isAccuracy ? percentLabel : plainLabel}
      />
    </>
  );
}

/** What explains it. */
export function SmallCurves({ runs, smoothing, onZoom }: CurveState) {
  const height = useWall() ? 230 : 150;
  const common = {
    runs,
    onZoom,
    isLog: false,
    class: 'panel',
    height,
    format: plainNumber,
    label: plainLabel,
  };
  return (
    <>
      <CurvePanel {...common} smoothing={0} title="Learning rate" quantity="learningRate" />
      <CurvePanel {...common} smoothing={smoothing} title="Gradient norm" quantity="gradientNorm" />
    </>
  );
}

const percentLabel = (value: number, step: number) => `${(100 * value).toFixed(decimalsOf(100 * step))} %`;
const percentage = (value: number) => `${Number((100 * value).toPrecision(4))} %`;
