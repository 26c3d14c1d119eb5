/** A connection to the coordinator of this process. */
import type { InProcessDoor } from '../../shared/protocol/in-process.js';
import type { Connection, ConnectionEvents } from '../connection.js';

export function inProcess(door: InProcessDoor, events: ConnectionEvents): Connection {
  const connection = door.connect({
    opened: () => events.opened(),
    told: (message) => events.told?.(message),
    held: (which, version, values) => events.held?.(which, version, values),
    closed: (code, reason) => events.closed(code, reason),
  });
  return {
    socket: {
      send() {
        throw new Error('a message was encoded for this process');
      },
      tell: (message) => connection.tell(message),
      sendFrame: (header, body, flushed) => connection.sendFrame(header, body, flushed),
      bufferedBytes: () => 0,
      allocate: (elements) => connection.allocate(elements),
      release: (vector) => connection.release(vector),
    },
    close: (code, reason) => connection.close(code, reason),
  };
}
