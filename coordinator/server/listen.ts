/** One port for everything: HTTP, and the WebSocket endpoint on the same server. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { MAX_FRAME_BYTES } from '../../shared/protocol/frame.js';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import type { Swarm } from '../swarm.js';
import { type Clients, DIRECT_CLIENTS } from './clients.js';
import { type Door, serveConnection, type Traffic } from './connection.js';
import { type Refused, ServerCounts } from './counts.js';
import { bareAnswer } from './headers.js';
import { handleRequest, type Served } from './http.js';
import {
  type ConnectionLimits,
  DEFAULT_LIMITS,
  HTTP_AT_START,
  limitServer,
  MessageRate,
  type OpenCount,
  openCounts,
} from './limits.js';
import { LiveFeed } from './live.js';
import { isSameOrigin } from './origin.js';
import type { TlsFiles } from './tls.js';

/** The longest control message that a worker has reason to send: a confusion matrix of 500 classes. */
const MAX_MESSAGE_BYTES = 1 << 20;
/**
 * Whoever does not answer the closing handshake within so many milliseconds is cut off. Lost packets are sent
 * again after 0.2, 0.6, 1.4, 3 and 6 seconds. (An option of `ws` that its types do not list.)
 */
const CLOSING = { closeTimeout: 10_000 };
/** After so long, an ending that still waits for somebody says so. */
const TELL_AFTER_MS = 1000;

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
  limits?: ConnectionLimits;
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
  { tls, clients = DIRECT_CLIENTS, locally = false, limits = DEFAULT_LIMITS }: ListenOptions = {},
): Promise<Listening> {
  const traffic: Traffic = { up: 0, down: 0 };
  const { gate, counts = new ServerCounts() } = served;
  const live = new LiveFeed(served.dashboard, served.warn);
  const open = openCounts(limits);
  counts.streams = () => live.size;
  counts.sockets = () => open.sockets.total;
  const answer: RequestListener = (request, response) => {
    response.on('finish', () => counts.answer(response.statusCode));
    handleRequest(request, response, served, live, clients);
  };
  const plain = () => createServer(HTTP_AT_START, answer);
  const server = tls
    ? createSecureServer({ ...HTTP_AT_START, ...tls.pair, minVersion: 'TLSv1.2' }, answer)
    : plain();
  const local = tls && locally ? plain() : undefined;
  const servers = [server, ...(local ? [local] : [])];
  const maxPayload = Math.max(MAX_MESSAGE_BYTES, MAX_FRAME_BYTES);
  const sockets = new WebSocketServer({ ...CLOSING, noServer: true, perMessageDeflate: false, maxPayload });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // From here on the socket is nobody's: without this, a visitor that breaks off would end the process.
    socket.on('error', () => socket.destroy());
    const refuse = (code: number, why?: Refused) => {
      if (why) counts.close(why);
      counts.answer(code);
      socket.end(bareAnswer(code, clients.isSecure(request)));
    };
    if (!swarm || request.method !== 'GET' || request.url?.split('?')[0] !== SWARM_PATH) return refuse(404);
    if (!isSameOrigin(request)) return refuse(403, 'foreignOrigin');
    const release = open.sockets.open(clients.addressOf(request));
    if (!release) return refuse(503, 'tooManyConnections');
    socket.on('close', release);
    // A lease of a few bytes must not wait for the answer to the packet before it.
    (socket as Socket).setNoDelay(true);
    const rate = new MessageRate(() => performance.now());
    const door: Door = {
      address: request.socket.remoteAddress,
      admit: (token) => (token === undefined ? gate.ofRequest(request) : gate.ofToken(token, request)),
      watch: (visitor, lost) => gate.watch(visitor, lost),
      mayReceive: () => rate.take(),
      received: (from) => counts.message(from),
      refused: (reason) => counts.close(reason),
    };
    sockets.handleUpgrade(request, socket, head, (ws) => serveConnection(ws, swarm, traffic, door));
  };
  for (const each of servers) {
    limitServer(each, limits);
    guard(each, { clients, tcp: open.tcp, counts });
  }
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
      await Promise.all([live.close(), farewell(sockets, served.warn)]);
      for (const ws of sockets.clients) ws.terminate();
      for (const each of servers) each.closeAllConnections();
      await Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
}

/**
 * Those who were sent away hear so before the server ends, be their lines slow and lossy: a worker that lost
 * the last word would take the coordinator for dead, and look for it for ever.
 */
async function farewell(sockets: WebSocketServer, warn: Served['warn']): Promise<void> {
  const leaving = [...sockets.clients].filter((ws) => ws.readyState === ws.CLOSING);
  const telling = setTimeout(() => {
    const silent = leaving.filter((ws) => ws.readyState !== ws.CLOSED).length;
    const seconds = CLOSING.closeTimeout / 1000;
    warn?.(`the end waits for ${silent} who have not confirmed that they heard of it, at most ${seconds} s`);
  }, TELL_AFTER_MS);
  await Promise.all(leaving.map((ws) => new Promise((resolve) => ws.once('close', resolve))));
  clearTimeout(telling);
}

/** Bounds what comes before there is a request, and answers what never becomes one. */
function guard(
  server: Server,
  { clients, tcp, counts }: { clients: Clients; tcp: OpenCount; counts: ServerCounts },
): void {
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    // All who come by a proxy come from its address: they are counted once it is known who they are.
    if (clients.isProxy(address)) return;
    const release = tcp.open(address);
    if (release) return void socket.on('close', release);
    counts.close('tcpLimit');
    socket.destroy();
  });
  server.on('drop', () => counts.close('tcpLimit'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const code = CLIENT_ERRORS[error.code ?? ''] ?? 400;
    counts.answer(code);
    if (!socket.writable) return void socket.destroy();
    const head = bareAnswer(code, (socket as TLSSocket).encrypted === true);
    socket.end(head, () => socket.destroy());
  });
}

const CLIENT_ERRORS: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

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
