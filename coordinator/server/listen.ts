/** One port for everything: HTTP, and the WebSocket endpoint on the same server. */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { MAX_FRAME_BYTES, type Swarm } from '../swarm.js';
import { type Door, serveConnection, type Traffic } from './connection.js';
import { handleRequest, type Served } from './http.js';
import { LiveFeed } from './live.js';
import { isSameOrigin } from './origin.js';

/** The longest control message that a worker has reason to send: a confusion matrix of 500 classes. */
const MAX_MESSAGE_BYTES = 1 << 20;

export interface Listening {
  /** `http://HOST:PORT`, with the port that was really taken. */
  url: string;
  traffic: Traffic;
  /** Stops serving; open connections are ended. */
  close(): Promise<void>;
}

/**
 * @param swarm takes those who join; undefined: nobody can
 * @throws UserError if the address cannot be listened on
 */
export async function listen(
  host: string,
  port: number,
  swarm: Swarm | undefined,
  served: Served,
): Promise<Listening> {
  const traffic: Traffic = { up: 0, down: 0 };
  const live = new LiveFeed(served.dashboard);
  const server = createServer((request, response) => handleRequest(request, response, served, live));
  const maxPayload = Math.max(MAX_MESSAGE_BYTES, MAX_FRAME_BYTES);
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload });
  server.on('upgrade', (request, socket, head) => {
    if (!swarm || request.url?.split('?')[0] !== SWARM_PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    if (!isSameOrigin(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    // A lease of a few bytes must not wait for the answer to the packet before it.
    (socket as Socket).setNoDelay(true);
    const { gate } = served;
    const door: Door = {
      address: request.socket.remoteAddress,
      admit: (token) => (token === undefined ? gate.ofRequest(request) : gate.ofToken(token, request)),
      watch: (visitor, lost) => gate.watch(visitor, lost),
    };
    sockets.handleUpgrade(request, socket, head, (ws) => serveConnection(ws, swarm, traffic, door));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    traffic,
    async close() {
      await live.close();
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  if (error.code === 'EADDRINUSE') {
    return new UserError(
      `port ${port} on ${host} is in use: give another --port, or --port 0 for any free one`,
    );
  }
  return new UserError(
    `cannot listen on ${host}:${port}: ${messageOf(error)}; give another --host or --port`,
  );
}
