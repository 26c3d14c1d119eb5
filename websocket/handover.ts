/**
 * The package `ws` shakes hands, and then gives the socket away: its listeners are taken off, and ours come on.
 *
 * It does so in one turn of the event loop, before the socket has told of any byte: a socket begins to read only
 * after the turn in which it got its first `data` listener.
 */
import type { EventEmitter } from 'node:events';

const EVENTS = ['data', 'end', 'close', 'error'] as const;

/** @returns what takes off the listeners that have come on since */
export function rememberListeners(socket: EventEmitter): () => void {
  const before = new Map(EVENTS.map((event) => [event, new Set(socket.listeners(event))]));
  return () => {
    for (const [event, known] of before)
      for (const listener of socket.listeners(event))
        if (!known.has(listener)) socket.removeListener(event, listener as () => void);
  };
}
