/** A connection to the coordinator whose messages are traced. */
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
