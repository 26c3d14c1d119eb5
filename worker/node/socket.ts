/** The worker's WebSocket in Node. */
import { WebSocket } from 'ws';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import { UserError } from '../../shared/user-error.js';
import type { Connection, ConnectionEvents } from '../connection.js';
import { explained } from './certificates.js';

/** Weights come in frames of 512 KiB; leases with many shards are the longest control messages. */
const MAX_PAYLOAD = 1 << 20;
const OPEN_TIMEOUT_MS = 10_000;

/**
 * `ws://HOST:PORT` and `http://HOST:PORT` (or `wss`, `https`) mean the same coordinator.
 * @throws UserError if the text is no such address
 */
export function addressesOf(url: string): { http: string; swarm: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const secure = parsed && ['wss:', 'https:'].includes(parsed.protocol);
  if (!parsed || !(secure || ['ws:', 'http:'].includes(parsed.protocol))) {
    throw new UserError(`${url} is no coordinator's address: give ws://HOST:PORT`, 2);
  }
  return {
    http: `${secure ? 'https' : 'http'}://${parsed.host}`,
    swarm: `${secure ? 'wss' : 'ws'}://${parsed.host}${SWARM_PATH}`,
  };
}

/** @param ca certificate of the coordinator's authority, in PEM form; undefined: those that Node trusts */
export function dial(url: string, events: ConnectionEvents, ca?: string): Connection {
  const ws = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    handshakeTimeout: OPEN_TIMEOUT_MS,
    ...(ca === undefined ? {} : { ca }),
    // Masking guards proxies against browsers' scripts. A zero mask skips that work on both ends.
    generateMask: (mask) => mask.fill(0),
  });
  let problem = '';
  ws.on('open', events.opened);
  ws.on('message', (data) => events.received(data as Buffer));
  ws.on('error', (error) => {
    problem ||= explained(error);
  });
  ws.on('close', (code, reason) => events.closed(code, problem || reason.toString()));
  return {
    socket: {
      send(bytes, flushed) {
        if (ws.readyState !== ws.OPEN) return;
        ws.send(bytes, { binary: true }, (error) => {
          if (!error) flushed?.();
        });
      },
      bufferedBytes: () => ws.bufferedAmount,
    },
    close: (code, reason) => ws.close(code, reason),
  };
}
