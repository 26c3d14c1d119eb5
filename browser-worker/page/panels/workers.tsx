/** One row a worker: what it has given, how fast, and where its time goes. */
import { useState } from 'preact/hooks';
import type { StatusView, TimelineView, TimeShares, WorkersView } from '../../../shared/status/monitoring.js';
import { act } from '../data/api.js';
import { count, percent } from '../data/format.js';
import { usePolled } from '../data/polled.js';

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

const PARTS = [
  ['download', 'download'],
  ['compute', 'compute'],
  ['upload', 'upload'],
  ['wait', 'waiting'],
] as const;

export const TimeLegend = () => (
  <span class="legend">
    {PARTS.map(([part, text]) => (
      <span key={part}>
        <i class={`key ${part}`} />
        {text}
      </span>
    ))}
  </span>
);

export function Workers({ status, run, timeline, admin, isOver, onRefused }: WorkersProps) {
  const all = status.workerCounts.node + status.workerCounts.browser;
  const [search, setSearch] = useState('');
  const asked = search.trim() || undefined;
  const found = usePolled<WorkersView>(
    { path: '/api/workers', run, search: asked },
    status.state,
    status.step,
    SEARCH_MS,
  );
  const { matching, workers } = asked === undefined ? { ...status, matching: all } : (found ?? NONE_YET);
  const shares = new Map(timeline?.workers.map(({ id, name, shares }) => [isOver ? name : id, shares]));
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
                    <span class="name" title={worker.name}>
                      {worker.name}
                    </span>
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

function TimeBar({ shares }: { shares: TimeShares | undefined }) {
  if (!shares) return <span class="soft">–</span>;
  const words = PARTS.map(([part, text]) => `${text} ${percent(shares[part], 0)}`).join(', ');
  return (
    <span class="bar" role="img" aria-label={words} title={words}>
      {PARTS.map(([part]) => (
        <i key={part} class={part} style={{ width: `${100 * shares[part]}%` }} />
      ))}
    </span>
  );
}
