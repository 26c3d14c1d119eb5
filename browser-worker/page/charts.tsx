/** All curves, and the controls they share: smoothing, logarithmic axis, and the range of steps. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Greeting, HistoryView } from '../../shared/monitoring.js';
import { CurvePanel, type CurveRun, plainNumber } from './curve-panel.js';
import { Curves, type Range } from './curves.js';
import { count } from './format.js';

/** Told apart by the colour-blind too (Okabe and Ito). */
const COLOURS = ['run-1', 'run-2', 'run-3', 'run-4', 'run-5', 'run-6', 'run-7'];

export interface ChartsProps {
  runs: Greeting['runs'];
  /** Changes whenever all must be fetched anew. */
  era: number;
  /** Updates of the run that is under way. */
  step: number;
  /** Id of the run whose figures are shown. */
  shown: string;
  onLearningRate(value: number | undefined): void;
}

export function Charts({ runs, era, step, shown: own, onLearningRate }: ChartsProps) {
  const [smoothing, setSmoothing] = useState(0.6);
  const [isLog, setLog] = useState(true);
  const [range, setRange] = useState<Range>();
  const shown = useCurves(runs, era, step, range);
  const rate = shown.find(({ id }) => id === own)?.view.curve.learningRate.mean.at(-1);
  // Told when it changes
  useEffect(() => onLearningRate(rate), [rate]);
  if (shown.length === 0) return null;
  const [first] = shown;
  const isAccuracy = first!.view.metric === 'accuracy';
  const last = Math.max(0, ...shown.map(({ view }) => view.curve.step.at(-1) ?? 0));
  const common = { runs: shown, smoothing, onZoom: setRange };
  const percentage = (value: number) => `${Number((100 * value).toPrecision(4))} %`;
  return (
    <>
      <div class="controls" role="group" aria-label="Curves">
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
          <button type="button" aria-pressed={!range} onClick={() => setRange(undefined)}>
            All steps
          </button>
          <button
            type="button"
            aria-pressed={false}
            disabled={last < 20}
            onClick={() => setRange({ from: Math.max(1, last - Math.ceil(last / 10)), to: last })}
          >
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
      </div>
      <CurvePanel
        {...common}
        class="half"
        title="Loss"
        quantity="loss"
        isLog={isLog}
        height={230}
        format={plainNumber}
      >
        {isLog && <small>log</small>}
      </CurvePanel>
      <CurvePanel
        {...common}
        class="half"
        title={isAccuracy ? 'Accuracy' : 'Mean absolute error'}
        quantity="metric"
        isLog={false}
        height={230}
        format={isAccuracy ? percentage : plainNumber}
      />
      <CurvePanel
        {...common}
        class="quarter"
        title="Learning rate"
        quantity="learningRate"
        smoothing={0}
        isLog={false}
        height={150}
        format={plainNumber}
      />
      <CurvePanel
        {...common}
        class="quarter"
        title="Gradient norm"
        quantity="gradientNorm"
        isLog={false}
        height={150}
        format={plainNumber}
      />
    </>
  );
}

/** The curves of all runs, fetched anew with each era and range, and extended as the run goes on. */
function useCurves(runs: Greeting['runs'], era: number, step: number, range: Range | undefined): CurveRun[] {
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
        return view
          ? [{ id, name, colour: runs.length > 1 ? COLOURS[i % COLOURS.length]! : 'train', view }]
          : [];
      }),
    [views, ids],
  );
}
