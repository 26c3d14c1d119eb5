/**
 * The live feed from the coordinator, and whether it is still alive. The connection is
 * made again by itself; after each new one the coordinator sends everything anew, so no missed event stays missed.
 */
import { useEffect, useState } from 'preact/hooks';
import type { LoggedEvent } from '../../../shared/status/events.js';
import type { Greeting, StatusView } from '../../../shared/status/monitoring.js';
import { pathOf } from './api.js';

/** The coordinator speaks at least once a second: longer silence is a dead connection. */
const SILENCE_MS = 5000;
const RETRY_MS = 1000;
const EVENTS_KEPT = 500;

export interface Heard {
  connection: 'connecting' | 'open' | 'lost';
  /** Counts connections: what was fetched before may be out of date. */
  era: number;
  greeting?: Greeting;
  status?: StatusView;
  /** The oldest first. */
  events: LoggedEvent[];
}

/** @param run id of the run to hear of; undefined: the first */
export function useFeed(run: string | undefined): Heard {
  const [heard, setHeard] = useState<Heard>({ connection: 'connecting', era: 0, events: [] });
  useEffect(() => listen(run, (change) => setHeard((before) => ({ ...before, ...change(before) }))), [run]);
  return heard;
}

/** Returns a function that ends it. */
function listen(
  run: string | undefined,
  update: (change: (before: Heard) => Partial<Heard>) => void,
): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const again = () => {
    source?.close();
    update(() => ({ connection: 'lost' }));
    clearTimeout(timer);
    timer = setTimeout(connect, RETRY_MS);
  };
  const hear = <T>(name: string, take: (data: T) => (before: Heard) => Partial<Heard>) => {
    source!.addEventListener(name, (event) => {
      clearTimeout(timer);
      timer = setTimeout(again, SILENCE_MS);
      update(take(JSON.parse((event as MessageEvent<string>).data) as T));
    });
  };
  const connect = () => {
    source = new EventSource(pathOf('/api/live', { run }));
    timer = setTimeout(again, SILENCE_MS);
    source.onerror = again;
    hear<Greeting>('greeting', (greeting) => ({ era }) => ({
      connection: 'open',
      era: era + 1,
      greeting,
      events: [],
    }));
    hear<StatusView>('status', (status) => () => ({ status }));
    hear<LoggedEvent[]>('events', (more) => ({ events }) => ({
      events: [...events, ...more].slice(-EVENTS_KEPT),
    }));
    hear('end', () => () => ({}));
  };
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
