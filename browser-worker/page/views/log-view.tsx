/** All events that are kept, each whole: searched, by how much they matter, and to take away. */
import { useState } from 'preact/hooks';
import { isAtLeast, LEVELS, type Level, type LoggedEvent } from '../../../shared/status/events.js';
import { save } from '../curves/export.js';
import { clockTime, count } from '../data/format.js';
import { matches } from '../data/matching.js';

export function LogView({ events, run }: { events: LoggedEvent[]; run: string }) {
  const [search, setSearch] = useState('');
  const [least, setLeast] = useState<Level>('debug');
  const found = events
    .filter(({ level, type, text }) => isAtLeast(level, least) && matches(`${type} ${text}`, search))
    .reverse();
  return (
    <section class="full" aria-labelledby="log-title">
      <h2 id="log-title">
        Log
        <input
          type="search"
          value={search}
          placeholder="Worker, kind, text…"
          aria-label="Search among the events"
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <select
          aria-label="Level"
          value={least}
          onChange={({ currentTarget }) => setLeast(currentTarget.value as Level)}
        >
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {level === 'debug' ? 'everything' : `${level} and above`}
            </option>
          ))}
        </select>
        <small role="status">
          {count(found.length)} of {count(events.length)}
        </small>
        <button
          type="button"
          class="small"
          onClick={() => save(`${run}-events.json`, `${JSON.stringify(events)}\n`, 'application/json')}
        >
          Save as JSON
        </button>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll tall" tabIndex={0} aria-label="Events">
        <table class="log">
          <thead>
            <tr>
              {['Time', 'Step', 'Kind', 'What happened'].map((name) => (
                <th key={name} scope="col" class={name === 'Kind' ? 'opt' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.map(({ id, at, after, type, level, text }) => (
              <tr key={id} class={isAtLeast(level, 'warning') ? 'trouble' : ''}>
                <td class="code">{clockTime(at)}</td>
                <td class="code">{after === undefined ? '–' : count(after)}</td>
                <td class="soft opt">{type}</td>
                <td class="whole">{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {found.length === 0 && <p class="empty">Nothing like that has happened.</p>}
    </section>
  );
}
