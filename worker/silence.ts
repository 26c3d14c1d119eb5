/**
 * Gives a connection up when nothing has been heard for long: a machine that vanished, or a network that was cut,
 * closes nothing. The coordinator tells how the run goes every second.
 */
import type { ConnectionEvents } from './connection.js';

const SILENT_MS = 30_000;
/** Counted in ticks: time in which this process stood still makes none, and what was sent meanwhile is heard first. */
const TICKS = 10;

/** @param lost called when the connection is dead, though its socket may look open */
export function unlessSilent(events: ConnectionEvents, lost: (why: string) => void): ConnectionEvents {
  let ticks = 0;
  const timer = setInterval(() => {
    if (++ticks < TICKS) return;
    clearInterval(timer);
    lost(`nothing was heard for ${SILENT_MS / 1000} s`);
  }, SILENT_MS / TICKS);
  return {
    opened: () => events.opened(),
    place: (head) => events.place?.(head),
    received(bytes, body) {
      ticks = 0;
      events.received(bytes, body);
    },
    told(message) {
      ticks = 0;
      events.told?.(message);
    },
    held: (which, version, values) => events.held?.(which, version, values),
    closed(code, reason) {
      clearInterval(timer);
      events.closed(code, reason);
    },
  };
}
