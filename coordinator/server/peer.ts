/** A worker's socket as the swarm uses it: messages and frames go out, and are counted. */
import { CLOSE, closeText } from '../../shared/protocol/close-codes.js';
import { encode } from '../../shared/protocol/codec.js';
import type { CoordinatorMessage } from '../../shared/protocol/messages.js';
import type { Peer, Traffic } from '../workers/peer.js';
import type { ConnectionGuard } from './access/connection-guard.js';
import type { ServerSocket } from './sockets/server-socket.js';

/** What a worker owes an answer to. */
const QUESTIONS: ReadonlySet<CoordinatorMessage['type']> = new Set(['lease', 'evaluate', 'cancel']);

/** @param closed is told that it is closed from here: what still comes is not read */
export function peerOf(
  socket: ServerSocket,
  traffic: Traffic,
  guard: ConnectionGuard,
  closed: () => void,
): Peer {
  let delivered = 0;
  const send = (bytes: Uint8Array) => {
    if (!socket.isOpen()) return;
    traffic.down += bytes.length;
    socket.send(bytes, () => {
      delivered++;
    });
  };
  const sendFrame = (header: Uint8Array, body: Uint8Array, flushed: () => void) => {
    if (!socket.isOpen()) return;
    traffic.down += header.length + body.length;
    guard.trace?.sent(header, body.length);
    socket.sendFrame(header, body, () => {
      delivered++;
      flushed();
    });
  };
  return {
    delivered: () => delivered,
    send(message: CoordinatorMessage) {
      if (QUESTIONS.has(message.type)) guard.asked();
      const bytes = encode(message);
      guard.trace?.sent(bytes);
      send(bytes);
    },
    sendFrame,
    bufferedBytes: () => socket.bufferedBytes(),
    close(reason, text) {
      closed();
      guard.refused(reason);
      guard.trace?.closed('->', CLOSE[reason].code, text);
      socket.close(CLOSE[reason].code, closeText(text));
    },
  };
}
