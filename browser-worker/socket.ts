/** The worker's WebSocket in a browser. */
import type { Connection, ConnectionEvents } from '../worker/connection.js';

/** Browsers do not say when bytes have left: it is asked for this often, while any are waiting. */
const DRAIN_CHECK_MS = 4;
/** Below it the socket takes more: enough to keep a connection busy until the next look. */
const LOW_WATER_BYTES = 1 << 20;
/** A closing handshake with a coordinator that is gone would last as long as the browser likes. */
const CLOSE_TIMEOUT_MS = 2000;

/** @param url `ws:` or `wss:` */
export function dial(url: string, events: ConnectionEvents): Connection {
  const ws = new WebSocket(url);
  ws.binaryType = 'arraybuffer';
  let isClosed = false;
  let flushing: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const closed = (code: number, reason: string) => {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(timer);
    flushing = [];
    events.closed(code, reason);
  };
  const checkDrained = () => {
    timer = undefined;
    if (isClosed) return;
    if (ws.bufferedAmount <= LOW_WATER_BYTES) for (const flushed of flushing.splice(0)) flushed();
    if (flushing.length > 0) timer ??= setTimeout(checkDrained, DRAIN_CHECK_MS);
  };

  const send = (bytes: Uint8Array, flushed: (() => void) | undefined) => {
    if (ws.readyState !== WebSocket.OPEN) return;
    ws.send(bytes as Uint8Array<ArrayBuffer>);
    if (!flushed) return;
    flushing.push(flushed);
    timer ??= setTimeout(checkDrained, 0);
  };
  /** What is sent in two parts is joined here: a browser copies it again at once, so one buffer is enough. */
  let joined = new Uint8Array();

  ws.addEventListener('open', () => {
    if (!isClosed) events.opened();
  });
  ws.addEventListener('message', ({ data }) => {
    // All messages are binary; an empty one breaks the protocol as a text would.
    if (!isClosed) events.received(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array());
  });
  ws.addEventListener('close', ({ code, reason }) => closed(code, reason));
  return {
    socket: {
      send,
      sendFrame(header, body, flushed) {
        const length = header.length + body.length;
        if (joined.length < length) joined = new Uint8Array(length);
        joined.set(header);
        joined.set(body, header.length);
        send(joined.subarray(0, length), flushed);
      },
      bufferedBytes: () => ws.bufferedAmount,
    },
    close(code, reason) {
      if (isClosed || ws.readyState === WebSocket.CLOSED) return;
      ws.close(code, reason);
      setTimeout(() => closed(1006, reason), CLOSE_TIMEOUT_MS);
    },
  };
}
