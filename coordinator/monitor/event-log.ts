/**
 * The events of a run: sent to listeners as they happen, and the latest kept for later queries. The oldest are
 * forgotten, of each kind by itself: workers that join and leave again and again do not push out a ban, a warning or an
 * evaluation.
 */
import { shown } from '../../shared/printable.js';
import { type LoggedEvent, levelOf, type RunEvent } from '../../shared/status/events.js';

/** How many are kept of each kind. */
const KEPT = { visits: 200, bans: 100, others: 200 };
type Kind = keyof typeof KEPT;

const VISITS: readonly string[] = ['worker-joined', 'worker-left', 'worker-refused'];

const kindOf = (type: string): Kind =>
  type === 'banned' ? 'bans' : VISITS.includes(type) ? 'visits' : 'others';

export class EventLog {
  private readonly kept: Record<Kind, LoggedEvent[]> = { visits: [], bans: [], others: [] };
  private readonly listeners = new Set<(event: LoggedEvent) => void>();
  private next = 0;
  private hasBeenHeard = false;

  /** Updates made so far, once a run counts them. */
  steps: () => number | undefined = () => undefined;

  /** @param wallClock milliseconds since 1970 */
  constructor(private readonly wallClock: () => number = Date.now) {}

  readonly tell = (event: RunEvent): void => {
    const after = this.steps();
    const logged = {
      ...shown(event),
      ...{ id: this.next++, at: this.wallClock(), level: levelOf(event) },
      ...(after === undefined ? {} : { after }),
    };
    this.keep(logged);
    for (const listener of this.listeners) listener(logged);
  };

  readonly warn = (text: string): void => this.tell({ type: 'warning', text });

  /** The first listener also hears what is kept from before it listened. @returns what ends the listening */
  listen(listener: (event: LoggedEvent) => void): () => void {
    const early = this.hasBeenHeard ? [] : this.from();
    this.hasBeenHeard = true;
    this.listeners.add(listener);
    for (const event of early) listener(event);
    return () => this.listeners.delete(listener);
  }

  /** Events from `id` on, the oldest first. */
  from(id = 0): LoggedEvent[] {
    if (id >= this.next) return [];
    return Object.values(this.kept)
      .flatMap((events) => events.filter((event) => event.id >= id))
      .sort((a, b) => a.id - b.id);
  }

  /** Replaces all by the events of an earlier start, read from its file. */
  restore(events: readonly LoggedEvent[]): void {
    for (const kind of Object.values(this.kept)) kind.length = 0;
    // Files of older versions tell no levels.
    for (const event of events) this.keep({ ...event, level: event.level ?? levelOf(event) });
    this.next = (events.at(-1)?.id ?? -1) + 1;
  }

  private keep(event: LoggedEvent): void {
    const events = this.kept[kindOf(event.type)];
    events.push(event);
    if (events.length > KEPT[kindOf(event.type)]) events.shift();
  }
}
