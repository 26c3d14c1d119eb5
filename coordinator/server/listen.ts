/** One port for everything: HTTP, and the WebSocket endpoint on the same server. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import type { ProtocolTrace } from '../../shared/protocol/trace.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import type { Transport } from '../../websocket/transport.js';
import { type Refused, ServerCounts } from '../monitor/server-counts.js';
import { Places, placeKindOf } from './access/places.js';
import { serveConnection } from './connection.js';
import type { ConnectionGuard } from './connection-guard.js';
import { answerText } from './http/answer.js';
import { runOf } from './http/dashboard.js';
import { bareAnswer, secure } from './http/headers.js';
import { handleRequest, type Served } from './http/http.js';
import { LiveFeed } from './http/live.js';
import { type Clients, DIRECT_CLIENTS } from './network/clients.js';
import type { HostCheck } from './network/hosts.js';
import {
  AnswerTime,
  BACKLOG,
  type ConnectionLimits,
  DEFAULT_LIMITS,
  HTTP_AT_START,
  JOIN_WITHIN,
  JoinRate,
  limitServer,
  MAX_STRANGER_BYTES,
  MessageRate,
  type OpenCount,
  tcpCount,
} from './network/limits.js';
import { isSameOrigin } from './network/origin.js';
import { unnamedProxy } from './network/shared-address.js';
import type { TlsFiles } from './network/tls.js';
import { Sockets } from './sockets/sockets.js';

/** A stranger that sends too much has so long to hear why: nothing more is read of it. */
const LAST_WORD_MS = 1000;

export interface Listening {
  /** `http://HOST:PORT` or `https://HOST:PORT`, with the port that was really taken. */
  url: string;
  /** The address for this machine's own workers, if they need another one. */
  localUrl: string | undefined;
  counts: ServerCounts;
  /** Stops serving; open connections are ended. */
  close(): Promise<void>;
}

/** What is served, by a server that counts what it does. */
export type Offered = Omit<Served, 'metrics' | 'answerTime'> & {
  metrics?(counts: ServerCounts): Served['metrics'];
};

export interface ListenOptions {
  tls?: TlsFiles | undefined;
  clients?: Clients;
  /**
   * Also on a free port of loopback, without TLS: a certificate is made out to a name, and not to the
   * address by which this machine's own workers come.
   */
  locally?: boolean;
  limits?: ConnectionLimits;
  /** The host names that requests may use; default: any. */
  hosts?: HostCheck;
  /** Milliseconds that never go back; tests have their own. */
  now?: () => number;
  /** Milliseconds of processor that this process has had; tests have their own. */
  worked?: () => number;
  /** Where messages are traced. */
  trace?: ProtocolTrace | undefined;
  /** Who reads and writes the frames of WebSockets. */
  transport?: Transport;
}

/** @throws UserError if the address cannot be listened on */
export async function listen(
  host: string,
  port: number,
  { metrics, ...offered }: Offered,
  {
    tls,
    clients = DIRECT_CLIENTS,
    locally = false,
    limits = DEFAULT_LIMITS,
    hosts = () => undefined,
    now = () => performance.now(),
    worked,
    trace,
    transport = 'own',
  }: ListenOptions = {},
): Promise<Listening> {
  const { authenticator, dashboard, warn } = offered;
  const live = new LiveFeed(dashboard, warn);
  const places = new Places(limits, authenticator.auth);
  const tcp = tcpCount(limits);
  const joins = new JoinRate(now);
  const counts = new ServerCounts({ websockets: () => places.total, streams: () => live.size });
  const served: Served = { ...offered, metrics: metrics?.(counts), answerTime: new AnswerTime(now, worked) };
  let hasToldProxy = false;
  /** Once: a proxy passes on requests, and was not named. */
  const tellProxy = (request: IncomingMessage) => {
    const proxy = hasToldProxy ? undefined : unnamedProxy(request, clients.isProxy);
    if (proxy === undefined) return;
    hasToldProxy = true;
    warn?.(
      `${proxy} passes on requests of others and is not in --trusted-proxy: all who come by it have one address, for limits and bans too; if it is your proxy, start with --trusted-proxy ${proxy}`,
    );
  };
  /** A defect of ours that a visitor meets, by whatever its headers hold, ends its request and nothing else. */
  const guarded =
    <T extends unknown[]>(act: (...visit: T) => void, end: (...visit: T) => void) =>
    (...visit: T) => {
      try {
        act(...visit);
      } catch (error) {
        warn?.(`a request failed: ${messageOf(error)}; please report this`);
        end(...visit);
      }
    };
  const respond: RequestListener = (request, response) => {
    tellProxy(request);
    response.on('finish', () => counts.answer(response.statusCode));
    const barred = hosts(request);
    if (barred) {
      counts.close(barred.reason);
      secure(response, clients.isSecure(request));
      return answerText(response, barred.code, barred.text);
    }
    handleRequest(request, response, served, live, clients);
  };
  const answer = guarded(respond, (_request, response) => void response.destroy());
  const plain = () => createServer(HTTP_AT_START, answer);
  const server = tls
    ? createSecureServer({ ...HTTP_AT_START, ...tls.pair, minVersion: 'TLSv1.2' }, answer)
    : plain();
  const local = tls && locally ? plain() : undefined;
  const servers = [server, ...(local ? [local] : [])];
  const sockets = new Sockets(transport);
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // The socket has no other error handler here: a client that disconnects mid-handshake would end the process.
    socket.on('error', () => socket.destroy());
    const refuse = (code: number, why?: Refused, text?: string) => {
      if (why) counts.close(why);
      counts.answer(code);
      socket.end(bareAnswer(code, clients.isSecure(request), text));
    };
    const barred = hosts(request);
    if (barred) return refuse(barred.code, barred.reason, barred.text);
    const swarm = runOf(dashboard.runs, request)?.live?.swarm;
    if (!swarm || request.method !== 'GET' || request.url?.split('?')[0] !== SWARM_PATH) return refuse(404);
    if (!isSameOrigin(request)) return refuse(403, 'foreignOrigin');
    tellProxy(request);
    const address = clients.addressOf(request);
    // A token in a header, or a tab's cookie, tells at once who it is; others say so when they join.
    const shown = authenticator.auth === 'tokens' ? authenticator.ofRequest(request) : undefined;
    let kind = placeKindOf(shown && 'principal' in shown ? shown.principal : undefined, authenticator.auth);
    let release = places.take(kind, address);
    if (!release) return refuse(503, kind === 'stranger' ? 'tooManyStrangers' : 'tooManyConnections');
    socket.on('close', () => release?.());
    // A lease of a few bytes must not wait for the answer to the packet before it.
    (socket as Socket).setNoDelay(true);
    const rate = new MessageRate(now);
    const guard: ConnectionGuard = {
      address,
      authenticate: (token) =>
        token === undefined ? authenticator.ofRequest(request) : authenticator.ofToken(token, request),
      joinWithinMs: kind === 'stranger' ? JOIN_WITHIN.stranger : JOIN_WITHIN.known,
      takePlace(principal) {
        const wanted = placeKindOf(principal, authenticator.auth);
        if (wanted === kind) return true;
        const place = places.take(wanted, address);
        if (!place) return false;
        release?.();
        [kind, release] = [wanted, place];
        return true;
      },
      mayJoin: (identity) => joins.mayJoin(identity),
      watch: (principal, lost) => authenticator.watch(principal, lost),
      mayReceive: (controlBytes) => rate.take(controlBytes),
      asked: () => rate.asked(),
      received: (from) => counts.message(from),
      refused: (reason) => counts.close(reason),
      trace: trace?.connection(),
    };
    sockets.accept(request, socket, head, (ws) => {
      serveConnection(ws, swarm, guard);
      let bytes = 0;
      // A message may have a megabyte, which a stranger could have held for it.
      ws.watch((more) => {
        bytes += more;
        if (kind !== 'stranger') ws.watch(undefined);
        else if (bytes > MAX_STRANGER_BYTES) {
          ws.watch(undefined);
          // Where the reader of frames finds it too long as well, that is counted and told by itself.
          setImmediate(() => {
            if (ws.isOpen()) counts.close('messageTooLong');
            ws.close(1009, 'more than a join before the join');
            // Nothing more is read of it, so it cannot answer either.
            ws.pause();
            setTimeout(() => ws.terminate(), LAST_WORD_MS).unref();
          });
        }
      });
    });
  };
  for (const each of servers) {
    limitServer(each, limits);
    guard(each, { clients, tcp, counts });
  }
  for (const each of servers)
    each.on(
      'upgrade',
      guarded(upgrade, (_request, socket) => void socket.destroy()),
    );
  await bind(server, host, port);
  if (local) await bind(local, '127.0.0.1', 0);
  tls?.follow((pair) => (server as SecureServer).setSecureContext(pair));
  return {
    url: urlOf(server, tls ? 'https' : 'http'),
    localUrl: local && urlOf(local, 'http'),
    counts,
    async close() {
      tls?.close();
      await Promise.all([live.close(), sockets.farewell(warn)]);
      sockets.terminate();
      for (const each of servers) each.closeAllConnections();
      await Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
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
    server.listen({ port, host, backlog: BACKLOG }, resolve);
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
