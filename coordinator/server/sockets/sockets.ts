/** The WebSockets of one server: `ws` shakes hands for all of them; who reads and writes their frames is an option. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { MAX_MESSAGE_BYTES } from '../../../shared/protocol/sizes.js';
import { rememberListeners } from '../../../websocket/handover.js';
import type { Transport } from '../../../websocket/transport.js';
import { ownSocket } from './own.js';
import type { OpenSocket } from './server-socket.js';
import { librarySocket } from './ws.js';

/**
 * A client that does not answer the closing handshake within so many milliseconds is cut off. Lost packets are sent
 * again after 0.2, 0.6, 1.4, 3 and 6 seconds.
 */
const CLOSE_TIMEOUT_MS = 10_000;
/** A shutdown that still waits for clients after so long says so. */
const TELL_AFTER_MS = 1000;

export class Sockets {
  /** Those that have not ended yet, each with what its line is. */
  private readonly open = new Map<OpenSocket, Duplex>();
  private readonly library: WebSocketServer;

  constructor(private readonly transport: Transport) {
    const options = { noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES };
    // An option of `ws` that its types do not list.
    const closing = { closeTimeout: CLOSE_TIMEOUT_MS };
    this.library = new WebSocketServer({ ...options, ...closing, clientTracking: false });
  }

  /** Answers the handshake. @param opened gets the WebSocket, unless the request is none for one */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, opened: (socket: OpenSocket) => void): void {
    const takeOff = rememberListeners(socket);
    this.library.handleUpgrade(request, socket, head, (ws) => {
      const adapted = this.adapt(ws, socket, takeOff);
      this.open.set(adapted, socket);
      socket.once('close', () => this.open.delete(adapted));
      opened(adapted);
    });
  }

  private adapt(ws: WebSocket, socket: Duplex, takeOff: () => void): OpenSocket {
    if (this.transport === 'ws') return librarySocket(ws, socket);
    takeOff();
    const limits = { maxMessageBytes: MAX_MESSAGE_BYTES, closeTimeoutMs: CLOSE_TIMEOUT_MS };
    return ownSocket(socket as Socket, limits);
  }

  /**
   * Those who were sent away hear so before the server ends, be their lines slow and lossy: a worker that lost
   * the last word would take the coordinator for dead, and look for it for ever.
   */
  async farewell(warn: ((text: string) => void) | undefined): Promise<void> {
    const leaving = [...this.open].filter(([socket]) => !socket.isOpen()).map(([, line]) => line);
    const telling = setTimeout(() => {
      const silent = leaving.filter((line) => !line.closed).length;
      const seconds = CLOSE_TIMEOUT_MS / 1000;
      warn?.(
        `the end waits for ${silent} who have not confirmed that they heard of it, at most ${seconds} s`,
      );
    }, TELL_AFTER_MS);
    await Promise.all(
      leaving.map((line) => line.closed || new Promise((resolve) => line.once('close', resolve))),
    );
    clearTimeout(telling);
  }

  terminate(): void {
    for (const socket of this.open.keys()) socket.terminate();
  }
}
