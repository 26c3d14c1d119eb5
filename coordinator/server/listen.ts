/** One port for everything: HTTP, and the WebSocket endpoint on the same server. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { ProtocolTrace } from '../../shared/protocol/trace.js';
import { messageOf } from '../../shared/user-error.js';
import type { Transport } from '../../websocket/transport.js';
import { ServerCounts } from '../monitor/server-counts.js';
import { Places } from './access/places.js';
import { answerText } from './http/answer.js';
import { guardServer } from './http/before-requests.js';
import { secure } from './http/headers.js';
import { handleRequest, type Served } from './http/http.js';
import { LiveFeed } from './http/live.js';
import type { AllowedOrigins } from './network/allowed-origins.js';
import { bind, urlOf } from './network/bind.js';
import { type Clients, DIRECT_CLIENTS } from './network/clients.js';
import type { HostCheck } from './network/hosts.js';
import {
  AnswerTime,
  type ConnectionLimits,
  DEFAULT_LIMITS,
  HTTP_AT_START,
  limitServer,
  tcpCount,
} from './network/limits.js';
import { proxyWarning } from './network/shared-address.js';
import type { TlsFiles } from './network/tls.js';
import { Sockets } from './sockets/sockets.js';
import { upgradeHandler } from './upgrade.js';

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
export type Offered = Omit<Served, 'metrics' | 'answerTime' | 'origins'> & {
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
  /** Of other sites' pages that may contribute; default: none. */
  origins?: AllowedOrigins;
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
    origins = new Set(),
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
  const counts = new ServerCounts({ websockets: () => places.total, streams: () => live.size });
  const answerTime = new AnswerTime(now, worked);
  const served: Served = { ...offered, metrics: metrics?.(counts), answerTime, origins };
  const look = proxyWarning(clients.isProxy, warn);
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
    look(request);
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
  const upgrade = upgradeHandler({
    ...{ authenticator, dashboard, clients, hosts, origins, places, sockets, counts, trace, now, look },
  });
  for (const each of servers) {
    limitServer(each, limits);
    guardServer(each, { clients, tcp, counts });
    each.on(
      'upgrade',
      guarded(upgrade, (_request, socket) => void socket.destroy()),
    );
  }
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
