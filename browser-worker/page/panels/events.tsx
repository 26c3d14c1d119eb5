/** What happened, the latest first. */

import type { LoggedEvent } from '../../../shared/status/events.js';
import { isAtLeast } from '../../../shared/status/events.js';
import { folded } from '../data/folded-events.js';
import { clockTime } from '../data/format.js';
import { hashOf } from '../data/route.js';

const SHOWN = 200;

export function Events({ events }: { events: LoggedEvent[] }) {
  const latest = folded(events).slice(-SHOWN).reverse();
  return (
    <section class="panel grows" aria-labelledby="events-title">
      <h2 id="events-title">
        Events
        <small class="legend">
          <a href={hashOf({ view: 'log' })}>whole log</a>
        </small>
      </h2>
      {latest.length === 0 && <p class="empty">Nothing has happened yet.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="List of events">
        <ol class="events">
          {latest.map((event, line) => (
            // Lines stay where they are, and what they say moves down.
            <Event key={line} {...event} />
          ))}
        </ol>
      </section>
    </section>
  );
}

/** What stands before the first colon says what happened, the rest why. */
function Event({ at, type, level, text }: LoggedEvent) {
  const [what = '', why] = text.split(/: (.*)/s);
  return (
    <li class={isAtLeast(level, 'warning') ? 'trouble' : ''} title={text}>
      <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
      <span>
        {what}
        {why && type !== 'checkpoint' && <em> {why}</em>}
      </span>
    </li>
  );
}
