/** Requests that are to become a worker's WebSocket: who may, what place it takes, and what is counted of it from then on. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import type { ProtocolTrace } from '../../shared/protocol/trace.js';
import type { Refused, ServerCounts } from '../monitor/server-counts.js';
import type { Authenticator } from './access/authenticator.js';
import type { ConnectionGuard } from './access/connection-guard.js';
import { type PlaceKind, type Places, placeKindOf } from './access/places.js';
import { serveConnection } from './connection.js';
import { type Dashboard, runOf } from './http/dashboard.js';
import { bareAnswer } from './http/headers.js';
import { type AllowedOrigins, allowedOriginOf, withoutCookies } from './network/allowed-origins.js';
import type { Clients } from './network/clients.js';
import type { HostCheck } from './network/hosts.js';
import { JOIN_WITHIN, JoinRate, MAX_STRANGER_BYTES, MessageRate } from './network/limits.js';
import { isSameOrigin } from './network/origin.js';
import type { OpenSocket } from './sockets/server-socket.js';
import type { Sockets } from './sockets/sockets.js';

/** A stranger that sends too much has so long to hear why: nothing more is read of it. */
const LAST_WORD_MS = 1000;

export interface UpgradeOptions {
  authenticator: Authenticator;
  dashboard: Pick<Dashboard, 'runs'>;
  clients: Clients;
  hosts: HostCheck;
  /** Of other sites' pages that may contribute. */
  origins: AllowedOrigins;
  places: Places;
  sockets: Sockets;
  counts: ServerCounts;
  trace: ProtocolTrace | undefined;
  now(): number;
  /** Sees each request that is not refused by what it asks for. */
  look(request: IncomingMessage): void;
}

/** A visitor's place: a stranger's, until it is known who it is. */
interface Place {
  readonly address: string;
  kind: PlaceKind;
  release(): void;
}

export function upgradeHandler(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { authenticator, dashboard, clients, hosts, origins, places, sockets, counts, now, look } = options;
  const joins = new JoinRate(now);
  return (request, socket, head) => {
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
    if (!isSameOrigin(request)) {
      if (allowedOriginOf(request, origins) === undefined) return refuse(403, 'foreignOrigin');
      withoutCookies(request);
    }
    look(request);
    // A token in a header, or a tab's cookie, tells at once who it is; others say so when they join.
    const shown = authenticator.auth === 'tokens' ? authenticator.ofRequest(request) : undefined;
    const kind = placeKindOf(shown && 'principal' in shown ? shown.principal : undefined, authenticator.auth);
    const address = clients.addressOf(request);
    const release = places.take(kind, address);
    if (!release) return refuse(503, kind === 'stranger' ? 'tooManyStrangers' : 'tooManyConnections');
    const place: Place = { address, kind, release };
    socket.on('close', () => place.release());
    // A lease of a few bytes must not wait for the answer to the packet before it.
    (socket as Socket).setNoDelay(true);
    const guard = guardOf(request, place, joins, options);
    sockets.accept(request, socket, head, (ws) => {
      serveConnection(ws, swarm, guard);
      boundStranger(ws, place, counts);
    });
  };
}

function guardOf(
  request: IncomingMessage,
  place: Place,
  joins: JoinRate,
  { authenticator, places, counts, trace, now }: UpgradeOptions,
): ConnectionGuard {
  const { address } = place;
  const rate = new MessageRate(now);
  return {
    address,
    authenticate: (token) =>
      token === undefined ? authenticator.ofRequest(request) : authenticator.ofToken(token, request),
    joinWithinMs: place.kind === 'stranger' ? JOIN_WITHIN.stranger : JOIN_WITHIN.known,
    takePlace(principal) {
      const kind = placeKindOf(principal, authenticator.auth);
      if (kind === place.kind) return true;
      const release = places.take(kind, address);
      if (!release) return false;
      place.release();
      Object.assign(place, { kind, release });
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
}

/** Ends the connection of a stranger that sends more than a join: a message may have a megabyte, which is held for it. */
function boundStranger(ws: OpenSocket, place: Place, counts: ServerCounts): void {
  let bytes = 0;
  ws.watch((more) => {
    bytes += more;
    if (place.kind !== 'stranger') ws.watch(undefined);
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
}
