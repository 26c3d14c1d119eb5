/** One port for everything: HTTP, and the WebSocket endpoint on the same server. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { MAX_FRAME_BYTES, type Swarm } from '../swarm.js';
import { type Clients, DIRECT_CLIENTS } from './clients.js';
import { type Door, serveConnection, type Traffic } from './connection.js';
import { handleRequest, type Served } from './http.js';
import { LiveFeed } from './live.js';
import { isSameOrigin } from './origin.js';
import type { TlsFiles } from './tls.js';

/** The longest control message that a worker has reason to send: a confusion matrix of 500 classes. */
const MAX_MESSAGE_BYTES = 1 << 20;

export interface Listening {
  /** `http://HOST:PORT` or `https://HOST:PORT`, with the port that was really taken. */
  url: string;
  /** By which this machine's own workers come, if another way was asked for. */
  localUrl: string | undefined;
  traffic: Traffic;
  /** Stops serving; open connections are ended. */
  close(): Promise<void>;
}

export interface ListenOptions {
  tls?: TlsFiles | undefined;
  clients?: Clients;
  /**
   * Also on a free port of loopback, without TLS: a certificate is made out to a name, and not to the
   * address by which this machine's own workers come.
   */
  locally?: boolean;
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
  { tls, clients = DIRECT_CLIENTS, locally = false }: ListenOptions = {},
): Promise<Listening> {
  const traffic: Traffic = { up: 0, down: 0 };
  const live = new LiveFeed(served.dashboard);
  const answer: RequestListener = (request, response) =>
    handleRequest(request, response, served, live, clients);
  const server = tls
    ? createSecureServer({ ...tls.pair, minVersion: 'TLSv1.2' }, answer)
    : createServer(answer);
  const local = tls && locally ? createServer(answer) : undefined;
  const servers = [server, ...(local ? [local] : [])];
  const maxPayload = Math.max(MAX_MESSAGE_BYTES, MAX_FRAME_BYTES);
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
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
  };
  for (const each of servers) each.on('upgrade', upgrade);
  await bind(server, host, port);
  if (local) await bind(local, '127.0.0.1', 0);
  tls?.follow((pair) => (server as SecureServer).setSecureContext(pair));
  return {
    url: urlOf(server, tls ? 'https' : 'http'),
    localUrl: local && urlOf(local, 'http'),
    traffic,
    async close() {
      tls?.close();
      await live.close();
      for (const ws of sockets.clients) ws.terminate();
      for (const each of servers) each.closeAllConnections();
      await Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server, scheme: 'http' | 'https'): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
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
