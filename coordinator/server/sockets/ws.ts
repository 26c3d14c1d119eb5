/** The library's WebSocket, adapted. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { PING_BYTES, WireBytes } from '../network/wire-bytes.js';
import type { OpenSocket } from './server-socket.js';

/** @param socket that it reads */
export function librarySocket(ws: WebSocket, socket: Duplex): OpenSocket {
  let watcher: ((bytes: number) => void) | undefined;
  socket.on('data', (bytes: Buffer) => watcher?.(bytes.length));
  return {
    isOpen: () => ws.readyState === ws.OPEN,
    bufferedBytes: () => ws.bufferedAmount,
    send(bytes, sent) {
      ws.send(bytes, { binary: true }, (error) => {
        if (!error) sent();
      });
    },
    sendFrame(header, body, sent) {
      // In two fragments: joining them would copy the body for each worker.
      ws.send(header, { binary: true, fin: false });
      this.send(body, sent);
    },
    close: (code, reason) => ws.close(code, reason),
    watch(told) {
      watcher = told;
    },
    pause: () => ws.pause(),
    terminate: () => ws.terminate(),
    listen({ received, beside, broken, closed }) {
      const wire = new WireBytes(beside);
      socket.on('data', ({ length }: Buffer) => wire.arrived(length));
      ws.on('message', (data, isBinary) => {
        wire.message((data as Buffer).length);
        received(data as Buffer, isBinary);
      });
      for (const kind of ['ping', 'pong'] as const) ws.on(kind, ({ length }) => beside(length + PING_BYTES));
      ws.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
        // What is not the library's is a broken line, and nobody's fault.
        if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') broken('messageTooLong');
        else if (code.startsWith('WS_ERR')) broken('brokenWebSocket');
      });
      ws.on('close', (code, reason) => closed(code, String(reason)));
    },
  };
}
