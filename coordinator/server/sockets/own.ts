/** Our own reader and writer of frames, adapted. */
import { FrameSocket, type FrameSocketOptions } from '../../../websocket/frame-socket.js';
import { PING_BYTES, WireBytes } from '../network/wire-bytes.js';
import type { OpenSocket } from './server-socket.js';

export function ownSocket(
  socket: ConstructorParameters<typeof FrameSocket>[0],
  options: Omit<FrameSocketOptions, 'isServer'>,
): OpenSocket {
  const own = new FrameSocket(socket, { ...options, isServer: true });
  let watcher: ((bytes: number) => void) | undefined;
  return {
    isOpen: () => own.isOpen(),
    bufferedBytes: () => own.bufferedBytes(),
    send: (bytes, sent) => own.send(bytes, undefined, sent),
    sendFrame: (header, body, sent) => own.send(header, body, sent),
    close: (code, reason) => own.close(code, reason),
    watch(told) {
      watcher = told;
    },
    pause: () => own.pause(),
    terminate: () => own.terminate(),
    named: (place) => own.named(place),
    listen(events) {
      const wire = new WireBytes(events.beside);
      own.watch((bytes) => {
        watcher?.(bytes);
        wire.arrived(bytes);
      });
      own.listen({
        place: events.place,
        received(bytes, isBinary, body) {
          wire.message(bytes.length + (body?.length ?? 0));
          events.received(bytes, isBinary, body);
        },
        pinged: (bytes) => events.beside(bytes + PING_BYTES),
        broken: ({ code }) => events.broken(code === 1009 ? 'messageTooLong' : 'brokenWebSocket'),
        closed: events.closed,
      });
    },
  };
}
