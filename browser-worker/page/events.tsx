/** What happened, the latest first. */
import type { TimedEvent } from '../../shared/monitoring.js';
import { clockTime } from './format.js';

const SHOWN = 200;
const TROUBLE: ReadonlySet<TimedEvent['type']> = new Set(['warning', 'worker-refused', 'banned']);

export function Events({ events }: { events: TimedEvent[] }) {
  const latest = events.slice(-SHOWN).reverse();
  return (
    <section class="panel grows" aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {latest.length === 0 && <p class="empty">Nothing has happened yet.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="List of events">
        <ol class="events">
          {latest.map((event) => (
            <Event key={event.id} {...event} />
          ))}
        </ol>
      </section>
    </section>
  );
}

/** What stands before the first colon says what happened, the rest why. */
function Event({ at, type, text }: TimedEvent) {
  const [what = '', why] = text.split(/: (.*)/s);
  return (
    <li class={TROUBLE.has(type) ? 'trouble' : ''} title={text}>
      <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
      <span>
        {what}
        {why && type !== 'checkpoint' && <em> {why}</em>}
      </span>
    </li>
  );
}
