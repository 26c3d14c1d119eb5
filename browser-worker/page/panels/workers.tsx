/** One row a worker: what it has given, how fast, and where its time goes. */
import { useRef, useState } from 'preact/hooks';
import type { TimelineView, TimeShares } from '../../../shared/status/monitoring.js';
import type { WorkerStatus } from '../../../shared/status/status.js';
import { act } from '../data/api.js';
import { count, percent } from '../data/format.js';
import { useVisibleRows } from '../data/visible-rows.js';

export interface WorkersProps {
  workers: WorkerStatus[];
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

export function Workers({ workers, timeline, admin, isOver, onRefused }: WorkersProps) {
  const shares = new Map(timeline?.workers.map(({ id, name, shares }) => [isOver ? name : id, shares]));
  const [leaving, setLeaving] = useState<number>();
  const box = useRef<HTMLElement>(null);
  const { from, to, above, below } = useVisibleRows(box, workers.length);
  const remove = (id: number) => {
    setLeaving(id);
    onRefused('');
    act('remove-worker', { worker: id }).catch((error: Error) => onRefused(error.message));
  };
  return (
    <section class="panel" aria-labelledby="workers-title">
      <h2 id="workers-title">
        Workers <small>{count(workers.length)}</small>
        <TimeLegend />
      </h2>
      {workers.length === 0 ? (
        <p class="empty">No worker is connected to this run.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section ref={box} class="scroll" tabIndex={0} aria-label="Table of workers">
          <table
            aria-rowcount={workers.length + 1}
            style={{ marginTop: `${above}px`, marginBottom: `${below}px` }}
          >
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Engine</th>
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
              {workers.slice(from, to).map((worker, i) => (
                <tr key={worker.id} data-row aria-rowindex={from + i + 2}>
                  <th scope="row">
                    <span class="name" title={worker.name}>
                      {worker.name}
                    </span>
                    {worker.kind === 'browser' && <span class="tag">tab</span>}
                  </th>
                  <td class="code">{worker.engine || '…'}</td>
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
    </section>
  );
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
