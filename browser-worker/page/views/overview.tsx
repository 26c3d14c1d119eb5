/** Is it learning, who is helping, what happened: one look at the run. */
import type { ComponentChild } from 'preact';
import type { StatusView } from '../../../shared/status/monitoring.js';
import { CurveControls, type CurveState, MainCurves } from '../curves/charts.js';
import { Pinned } from '../curves/pinned.js';
import { useNarrow } from '../data/scheme.js';
import { Recall } from '../model/recall.js';
import { TryIt } from '../model/try/try-it.js';
import { Events } from '../panels/events.js';
import { Timeline } from '../panels/timeline.js';
import { Workers } from '../panels/workers.js';
import type { Shown } from './shown.js';

export function Overview({ run, status, timeline, model, events, curves, admin, goesOn, onRefused }: Shown) {
  const isNarrow = useNarrow();
  const isWaiting = goesOn && status.step === 0;
  const workers = <Workers {...{ status, run, timeline, admin, onRefused }} isOver={!goesOn} />;
  if (isWaiting) return <Waiting status={status} workers={workers} events={<Events events={events} />} />;
  const tryIt = model && <TryIt key={run} run={run} model={model} step={status.step} />;
  return (
    <>
      {/* A thumb finds it at once: a drawing is what a phone is best at. */}
      {isNarrow && tryIt && <div class="full">{tryIt}</div>}
      <Curves {...curves} />
      <div class="column wide">
        {workers}
        {timeline && timeline.steps.length > 0 && (
          <Timeline key={run} timeline={timeline} workers={workersOf(status)} />
        )}
        {model && <Recall model={model} most={6} />}
      </div>
      <div class="column side">
        <Events events={events} />
        {!isNarrow && tryIt}
      </div>
    </>
  );
}

const workersOf = ({ workerCounts: { node, browser } }: StatusView): number => node + browser;

const Curves = (curves: CurveState) => (
  <>
    <CurveControls {...curves} />
    <Pinned {...curves} />
    <MainCurves {...curves} />
  </>
);

interface WaitingProps {
  status: StatusView;
  workers: ComponentChild;
  events: ComponentChild;
}

/** What has nothing to show is not shown; what comes then takes its place, and pushes nothing. */
const Waiting = ({ status, workers, events }: WaitingProps) => (
  <>
    <section class="full" aria-labelledby="waiting-title">
      <h2 id="waiting-title">Waiting for the first step…</h2>
      <p class="empty">{status.message}</p>
    </section>
    <div class="full">{workers}</div>
    <div class="full">{events}</div>
  </>
);
