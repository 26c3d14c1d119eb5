/** Connections to the coordinator whose messages are traced: by a socket, or within its process. */
import { encode } from '../../shared/protocol/codec.js';
import type { InProcessDoor } from '../../shared/protocol/in-process.js';
import type { ProtocolTrace } from '../../shared/protocol/trace.js';
import type { Connection, ConnectionEvents } from '../connection.js';

export type Dial = (events: ConnectionEvents) => Connection;

/** `dial` itself where nothing is traced. */
export function traced(dial: Dial, trace: ProtocolTrace | undefined): Dial {
  if (!trace) return dial;
  return (events) => {
    const told = trace.connection();
    const { socket, close } = dial({
      opened: () => events.opened(),
      place: (head) => events.place?.(head),
      received: (bytes, body) => {
        told.received(bytes, body?.length);
        events.received(bytes, body);
      },
      closed: (code, reason) => {
        told.closed('<-', code, reason);
        events.closed(code, reason);
      },
    });
    return {
      socket: {
        send: (bytes, flushed) => {
          told.sent(bytes);
          socket.send(bytes, flushed);
        },
        sendFrame: (header, body, flushed) => {
          told.sent(header, body.length);
          socket.sendFrame(header, body, flushed);
        },
        bufferedBytes: () => socket.bufferedBytes(),
      },
      close: (code, reason) => {
        told.closed('->', code, reason);
        close(code, reason);
      },
    };
  };
}

/** The door itself where nothing is traced. Messages are put into bytes for the trace alone. */
export function tracedDoor(door: InProcessDoor, trace: ProtocolTrace | undefined): InProcessDoor {
  if (!trace) return door;
  return {
    object: (sha256) => door.object(sha256),
    connect(events) {
      const told = trace.connection();
      const connection = door.connect({
        opened: () => events.opened(),
        told: (message) => {
          told.received(encode(message));
          events.told(message);
        },
        held: (which, version, values) => {
          told.held(which, version, values.byteLength);
          events.held(which, version, values);
        },
        closed: (code, reason) => {
          told.closed('<-', code, reason);
          events.closed(code, reason);
        },
      });
      return {
        tell: (message) => {
          told.sent(encode(message));
          connection.tell(message);
        },
        sendFrame: (header, body, flushed) => {
          told.sent(header, body.length);
          connection.sendFrame(header, body, flushed);
        },
        allocate: (elements) => connection.allocate(elements),
        release: (vector) => connection.release(vector),
        close: (code, reason) => {
          told.closed('->', code, reason);
          connection.close(code, reason);
        },
      };
    },
  };
}
