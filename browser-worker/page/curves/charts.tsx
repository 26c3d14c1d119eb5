/** All curves, and the controls they share: what they stand over, smoothing, axes, the range and the step that is looked at. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LoggedEvent } from '../../../shared/status/events.js';
import type { Greeting, HistoryView } from '../../../shared/status/monitoring.js';
import { type Shown, show, shownNow, X_KINDS, type XKind } from '../data/address.js';
import { count } from '../data/format.js';
import { useWall } from '../data/scheme.js';
import { decimalsOf, plainLabel, plainNumber } from './axis/axes.js';

import type { CurveRun } from './curve-data.js';
import { CurvePanel } from './curve-panel.js';
import { Curves, type Range } from './curves.js';
import { FLAGS, type Flag, flagsOf } from './flags.js';

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
  x: XKind;
  setX(x: XKind): void;
  isWhole: boolean;
  setWhole(isWhole: boolean): void;
  /** The step that is looked at. */
  step: number | undefined;
  pin(step: number | undefined): void;
  flags: Flag[];
}

/**
 * @param era changes whenever all must be fetched anew
 * @param step updates of the run that is under way
 */
export function useCurves(
  runs: Greeting['runs'],
  chosen: string,
  { era, step, events }: { era: number; step: number; events: readonly LoggedEvent[] },
): CurveState {
  const [{ smoothing, isLog, range, x, step: pinned, isWhole }, set] = useState(shownNow);
  const change = (change: Partial<Shown>) => {
    show(change);
    set(shownNow());
  };
  const views = useViews(runs, era, step, range);
  const view = views.find(({ id }) => id === chosen)?.view;
  const flags = useMemo(() => (view ? flagsOf(events, view) : []), [events, view]);
  return {
    runs: views,
    ...{ smoothing, isLog, range, x, isWhole, flags },
    step: pinned,
    setX: (x) => change({ x }),
    setWhole: (isWhole) => change({ isWhole }),
    pin: (step) => change({ step }),
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
      runs.flatMap(({ id, name, stepsPerEpoch }, i) => {
        const view = views[i];
        const color = runs.length > 1 ? COLORS[i % COLORS.length]! : 'train';
        return view ? [{ id, name, color, view, stepsPerEpoch }] : [];
      }),
    [views, ids],
  );
}

export function CurveControls(state: CurveState) {
  const { runs, smoothing, setSmoothing, isLog, setLog, range, onZoom, x, setX, isWhole, setWhole } = state;
  const last = Math.max(0, ...runs.map(({ view }) => view.curve.step.at(-1) ?? 0));
  const tenth = { from: Math.max(1, last - Math.ceil(last / 10)), to: last };
  return (
    <fieldset class="controls">
      <legend class="hidden">Curves</legend>
      <label>
        Over
        <select value={x} onChange={(event) => setX(event.currentTarget.value as XKind)}>
          {X_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {X_NAMES[kind]}
            </option>
          ))}
        </select>
      </label>
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
      <label>
        <input
          type="checkbox"
          checked={isWhole}
          onChange={(event) => setWhole(event.currentTarget.checked)}
        />
        Outliers
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
          <span class="soft wide-only">drag over a curve to zoom, click to pin a step</span>
        )}
      </span>
    </fieldset>
  );
}

const X_NAMES: Record<XKind, string> = { step: 'steps', samples: 'samples', epoch: 'epochs', time: 'time' };

/** The curve of what is to become better, alone. */
export function MetricCurve({ height, ...state }: CurveState & { height: number }) {
  const isAccuracy = state.runs[0]?.view.metric !== 'meanAbsoluteError';
  return (
    <CurvePanel
      {...commonOf(state)}
      class="curve"
      height={height}
      isLog={false}
      title={isAccuracy ? 'Accuracy' : 'Mean absolute error'}
      quantity="metric"
      format={isAccuracy ? percentage : plainNumber}
      label={isAccuracy ? percentLabel : plainLabel}
    />
  );
}

/** What a run is judged by. `isKept`: with buttons that save a chart as a file. */
export function MainCurves({ isKept = false, ...state }: CurveState & { isKept?: boolean }) {
  const { runs, isLog } = state;
  const isAccuracy = runs[0]?.view.metric !== 'meanAbsoluteError';
  const height = useWall() ? 320 : 230;
  const common = { ...commonOf(state), class: 'half', height, isKept };
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
export function SmallCurves(state: CurveState) {
  const common = {
    ...commonOf(state),
    ...{ isLog: false, isKept: true, class: 'half', height: useWall() ? 260 : 190 },
    format: plainNumber,
    label: plainLabel,
  };
  return (
    <>
      <CurvePanel {...common} smoothing={0} title="Learning rate" quantity="learningRate" />
      <CurvePanel {...common} title="Gradient norm" quantity="gradientNorm" />
    </>
  );
}

const commonOf = ({ runs, smoothing, onZoom, pin, x, step, isWhole, flags }: CurveState) => ({
  ...{ runs, smoothing, onZoom, onPin: pin, x, step, isWhole, flags },
});

/** What happened, in words, each with the step at which it can be looked at. */
export function FlagList({ flags, pin }: CurveState) {
  if (flags.length === 0) return null;
  return (
    <section class="full" aria-labelledby="flags-title">
      <h2 id="flags-title">
        Flags <small>what happened, and after which step</small>
        <span class="legend">
          {Object.entries(FLAGS).map(([kind, { color, name }]) => (
            <span key={kind}>
              <i class={`key ${color}`} />
              {name}
            </span>
          ))}
        </span>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="List of flags">
        <ul class="flags">
          {flags.map((flag) => (
            <li key={`${flag.kind} ${flag.step}`}>
              <button type="button" class="small" onClick={() => pin(Math.max(1, flag.step))}>
                {count(flag.step)}
              </button>
              <i class={`key ${FLAGS[flag.kind].color}`} />
              {flag.text}
            </li>
          ))}
        </ul>
      </section>
    </section>
  );
}

const percentLabel = (value: number, step: number) => `${(100 * value).toFixed(decimalsOf(100 * step))} %`;
const percentage = (value: number) => `${Number((100 * value).toPrecision(4))} %`;
