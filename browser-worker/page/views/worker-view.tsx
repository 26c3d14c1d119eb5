/** One worker: what it has given, where its time goes, and what happened to it. */
import { useRef } from 'preact/hooks';
import type { LoggedEvent } from '../../../shared/status/events.js';
import type { StatusView, TimelineView, WorkersView } from '../../../shared/status/monitoring.js';
import type { WorkerStatus } from '../../../shared/status/status.js';
import { clockTime, count, percent, significant } from '../data/format.js';
import { usePolled } from '../data/polled.js';
import { hashOf } from '../data/route.js';
import { TimeBar, TimeLegend } from '../panels/time-bar.js';
import { Timeline } from '../panels/timeline.js';
import { Sparkline } from './sparkline.js';

interface WorkerViewProps {
  worker: number;
  run: string;
  status: StatusView;
  timeline: TimelineView | undefined;
  events: LoggedEvent[];
}

const POLL_MS = 1000;
/** Looks that the line of its speed has. */
const LOOKS = 120;

export function WorkerView({ worker: id, run, status, timeline, events }: WorkerViewProps) {
  const near = status.workers.find((worker) => worker.id === id);
  // Of more than a hundred the status has only the first: the rest is asked for, from its place on.
  const far = usePolled<WorkersView>(
    { path: '/api/workers', run, search: near ? undefined : `#${id}` },
    `${id}`,
    status.step,
    POLL_MS,
  );
  const worker = near ?? far?.workers.find((worker) => worker.id === id);
  const speeds = useRef<number[]>([]);
  const seen = useRef<StatusView | undefined>(undefined);
  if (worker && seen.current !== status) {
    seen.current = status;
    speeds.current = [...speeds.current, worker.samplesPerSecond].slice(-LOOKS);
  }
  const back = <a href={hashOf({ view: 'swarm' })}>All workers</a>;
  if (!worker)
    return (
      <section class="full" aria-labelledby="worker-title">
        <h2 id="worker-title">Worker {count(id)}</h2>
        <p class="empty">It is not connected to this run any more. {back}</p>
      </section>
    );
  const lane = timeline?.workers.find(({ id: of, name }) => of === id || name === worker.name);
  const shares = lane?.shares ?? timeline?.departed.find(({ name }) => name === worker.name)?.shares;
  const happened = events.filter(
    (event) => ('workerId' in event && event.workerId === id) || event.text.includes(worker.name),
  );
  return (
    <>
      <section class="full" aria-labelledby="worker-title">
        <h2 id="worker-title">
          {worker.name} <small>{worker.kind === 'browser' ? 'a tab' : 'a Node worker'}</small> {back}
        </h2>
        <Figures {...{ worker, status }} />
        <h3>
          Where its time goes <TimeLegend />
        </h3>
        <TimeBar shares={shares} />
      </section>
      <section class="half" aria-labelledby="speed-title">
        <h2 id="speed-title">
          Samples/s <small>since this page was opened</small>
        </h2>
        <Sparkline values={speeds.current} label={`Samples a second of ${worker.name}`} height={120} />
      </section>
      <section class="half" aria-labelledby="happened-title">
        <h2 id="happened-title">What happened to it</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section class="scroll" tabIndex={0} aria-label={`Events of ${worker.name}`}>
          <ol class="events">
            {happened
              .slice(-100)
              .reverse()
              .map(({ id, at, text }) => (
                <li key={id} title={text}>
                  <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
                  <span>{text}</span>
                </li>
              ))}
          </ol>
        </section>
        {happened.length === 0 && <p class="empty">Nothing that is kept.</p>}
      </section>
      {lane && (
        <div class="full">
          <Timeline timeline={timeline} workers={1} only={lane.id} />
        </div>
      )}
    </>
  );
}

function Figures({ worker, status }: { worker: WorkerStatus; status: StatusView }) {
  const share = status.samplesTrained > 0 ? worker.samples / status.samplesTrained : null;
  const ms = (value: number) => (value > 0 ? `${significant(value, 3)} ms` : '–');
  const figures: [string, string][] = [
    ['State', worker.state],
    ['Role', worker.role === 'volunteer' ? 'volunteer, audited' : 'trusted'],
    ['Engine', worker.engine || '…'],
    ['Lanes', worker.lanes === null ? '–' : count(worker.lanes)],
    ['Samples', count(worker.samples)],
    ['Share of the run', percent(share, 1)],
    ['Samples/s', count(worker.samplesPerSecond)],
    ['Computing, last node', ms(worker.computeMs)],
    ['Network and queues', ms(worker.networkMs)],
    ['Waiting', ms(worker.waitMs)],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
