/** One row a worker: what it has given, how fast, and where its time goes. */
import { useState } from 'preact/hooks';
import type { StatusView, TimelineView, TimeShares, WorkersView } from '../../../shared/status/monitoring.js';
import type { WorkerStatus } from '../../../shared/status/status.js';
import { act } from '../data/api.js';
import { count } from '../data/format.js';
import { usePolled } from '../data/polled.js';
import { hashOf } from '../data/route.js';
import { TimeBar, TimeLegend } from './time-bar.js';

/** Fewer workers are found at a glance. */
const SEARCHED_FROM = 12;
const SEARCH_MS = 1000;

export interface WorkersProps {
  status: StatusView;
  run: string;
  timeline: TimelineView | undefined;
  admin: boolean;
  /** Then the rows are of those who took part, under numbers of their own. */
  isOver: boolean;
  onRefused(reason: string): void;
}

export function Workers({ status, run, timeline, admin, isOver, onRefused }: WorkersProps) {
  const all = status.workerCounts.node + status.workerCounts.browser;
  const [search, setSearch] = useState('');
  const [order, setOrder] = useState<Order>('joined');
  const asked = search.trim() || undefined;
  const found = usePolled<WorkersView>(
    { path: '/api/workers', run, search: asked },
    status.state,
    status.step,
    SEARCH_MS,
  );
  const { matching, workers: unsorted } =
    asked === undefined ? { ...status, matching: all } : (found ?? NONE_YET);
  const workers = order === 'joined' ? unsorted : [...unsorted].sort(ORDERS[order]);
  const shares = new Map<string | number, TimeShares>([
    ...(timeline?.departed ?? []).map(({ name, shares }) => [name, shares] as const),
    ...(timeline?.workers ?? []).map(({ id, name, shares }) => [isOver ? name : id, shares] as const),
  ]);
  const [leaving, setLeaving] = useState<number>();
  const remove = (id: number) => {
    setLeaving(id);
    onRefused('');
    act('remove-worker', { worker: id }).catch((error: Error) => onRefused(error.message));
  };
  return (
    <section class="panel" aria-labelledby="workers-title">
      <h2 id="workers-title">
        Workers <small>{count(all)}</small>
        {(all >= SEARCHED_FROM || search !== '') && (
          <input
            type="search"
            value={search}
            placeholder="Name, engine, state…"
            aria-label="Search among the workers"
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        )}
        {all > 2 && (
          <select
            aria-label="Order of the workers"
            value={order}
            onChange={({ currentTarget }) => setOrder(currentTarget.value as Order)}
          >
            <option value="joined">as they joined</option>
            <option value="samples">most samples first</option>
            <option value="fast">fastest first</option>
            <option value="slow">slowest first</option>
          </select>
        )}
        <small role="status">{shownOf(workers.length, matching, asked)}</small>
        <TimeLegend />
      </h2>
      {workers.length === 0 ? (
        <p class="empty" hidden={matching === undefined}>
          {all === 0 ? 'No worker is connected to this run.' : 'No such worker.'}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label="Table of workers">
          <table aria-rowcount={(matching ?? 0) + 1}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Engine</th>
                <th scope="col" class="num opt" title="Shards that it computes at a time">
                  Lanes
                </th>
                <th scope="col" class="opt">
                  State
                </th>
                <th scope="col" class="num">
                  Samples
                </th>
                <th scope="col" class="num opt">
                  Samples/s
                </th>
                <th scope="col" class="time">
                  Where its time goes
                </th>
                {admin && (
                  <th scope="col">
                    <span class="hidden">Remove</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {workers.map((worker, i) => (
                <tr key={worker.id} aria-rowindex={i + 2}>
                  <th scope="row">
                    <a class="name" href={hashOf({ view: 'worker', worker: worker.id })} title={worker.name}>
                      {worker.name}
                    </a>
                    {worker.kind === 'browser' && <span class="tag">tab</span>}
                  </th>
                  <td class="code">{worker.engine || '…'}</td>
                  <td class="num opt">{worker.lanes ?? '–'}</td>
                  <td class="opt soft">{worker.state}</td>
                  <td class="num">{count(worker.samples)}</td>
                  <td class="num opt">{count(worker.samplesPerSecond)}</td>
                  <td class="time">
                    <TimeBar shares={shares.get(isOver ? worker.name : worker.id)} />
                  </td>
                  {admin && (
                    <td class="num">
                      <button
                        type="button"
                        class="small"
                        aria-label={`Remove ${worker.name}`}
                        title="Sends it away; its work goes to others"
                        disabled={leaving === worker.id}
                        onClick={() => remove(worker.id)}
                      >
                        ×
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Evidence status={status} />
    </section>
  );
}

type Order = 'joined' | keyof typeof ORDERS;

/** Of the rows that are there. */
const ORDERS = {
  samples: (a: WorkerStatus, b: WorkerStatus) => b.samples - a.samples,
  fast: (a: WorkerStatus, b: WorkerStatus) => b.samplesPerSecond - a.samplesPerSecond,
  slow: (a: WorkerStatus, b: WorkerStatus) => a.samplesPerSecond - b.samplesPerSecond,
};

/** How the work was counted, and whether the weights follow from the configuration alone. */
function Evidence({ status: { shards, reproducible, weightsSha256 } }: { status: StatusView }) {
  if (shards.counted === 0) return null;
  const once = shards.counted === shards.expected ? ', each of them once' : '';
  return (
    <p class="soft evidence" data-testid="evidence">
      {count(shards.counted)} shards counted{once}; {count(shards.reissued)} reissued,{' '}
      {count(shards.rejected)} refused.
      {reproducible && ` ${reproducible.holds ? 'Bit-exact' : 'Not bit-exact'}: ${reproducible.why}.`}
      {weightsSha256 && (
        <>
          {' '}
          SHA-256 of the weights: <code>{weightsSha256}</code>
        </>
      )}
    </p>
  );
}

/** An answer is on its way. */
const NONE_YET: { matching: number | undefined; workers: WorkersView['workers'] } = {
  matching: undefined,
  workers: [],
};

/** What the table leaves out; nothing where it has all. */
function shownOf(shown: number, matching: number | undefined, search: string | undefined): string {
  if (matching === undefined) return 'searching…';
  if (shown < matching) return `the first ${count(shown)} of ${count(matching)}${search ? ' found' : ''}`;
  return search ? `${count(matching)} found` : '';
}
