/** The latest events of a run, with their times. The oldest are forgotten. */
import type { TimedEvent } from '../../shared/monitoring.js';
import type { RunEvent } from '../../shared/status.js';

const EVENTS_KEPT = 500;
const MAX_TEXT = 500;

export class EventList {
  private events: TimedEvent[] = [];
  private next = 0;

  /** @param wallClock milliseconds since 1970 */
  constructor(private readonly wallClock: () => number = Date.now) {}

  add({ type, text }: RunEvent): void {
    this.events.push({ id: this.next++, at: this.wallClock(), type, text: text.slice(0, MAX_TEXT) });
    if (this.events.length > EVENTS_KEPT) this.events.shift();
  }

  /** Those from `id` on, the oldest first. */
  from(id = 0): TimedEvent[] {
    const [first] = this.events;
    return first ? this.events.slice(Math.max(0, id - first.id)) : [];
  }

  /** Those of an earlier start, read from its file. */
  restore(events: readonly TimedEvent[]): void {
    this.events = events.slice(-EVENTS_KEPT);
    this.next = (this.events.at(-1)?.id ?? -1) + 1;
  }
}
