/** The worker's WebSocket in Node. */

import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { printable } from '../../shared/printable.js';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import { MAX_MESSAGE_BYTES } from '../../shared/protocol/sizes.js';
import { UserError } from '../../shared/user-error.js';
import { FrameSocket } from '../../websocket/frame-socket.js';
import { rememberListeners } from '../../websocket/handover.js';
import type { Transport } from '../../websocket/transport.js';
import type { Connection, ConnectionEvents } from '../connection.js';
import { explained } from './certificates.js';

const OPEN_TIMEOUT_MS = 10_000;
/**
 * Milliseconds in which the coordinator must answer a closing handshake, or close the line after it: less than a silence
 * that counts as a lost connection, since what was heard as the last word must not be lost.
 */
const CLOSE_TIMEOUT_MS = 10_000;
const FRAMES = { isServer: false, maxMessageBytes: MAX_MESSAGE_BYTES, closeTimeoutMs: CLOSE_TIMEOUT_MS };
/** What a header can carry; anything else is no token, as the answer to the join will say. */
const TOKEN = /^[\w.~+/=-]{1,200}$/;
/** Characters of an answer over HTTP that are told. */
const MAX_ANSWER = 300;

/**
 * `ws://HOST:PORT` and `http://HOST:PORT` (or `wss`, `https`) mean the same coordinator, and so does `HOST:PORT`. A path
 * is kept: behind a reverse proxy a coordinator may be under one, all of it. That of a page, or of `/swarm`, is no
 * part of it.
 * @throws UserError if the text is no such address, or says more than where the coordinator is
 */
export function addressesOf(url: string): { http: string; swarm: string } {
  const full = /^[a-z][a-z\d+.-]*:\/\//i.test(url) ? url : `ws://${url}`;
  // One slash behind a colon is a slip: what stands before it would be taken for a host.
  const isSlip = /^[a-z][a-z\d+.-]*:\/(?!\/)/i.test(url);
  const parsed = !isSlip && URL.canParse(full) ? new URL(full) : undefined;
  const secure = parsed && ['wss:', 'https:'].includes(parsed.protocol);
  if (!parsed || !(secure || ['ws:', 'http:'].includes(parsed.protocol))) {
    throw new UserError(`${url} is not a coordinator's address: give ws://HOST:PORT`, 2);
  }
  const { protocol, host, pathname, search, hash, username, password } = parsed;
  const path = pathname.replace(/\/+$/, '').replace(/\/(swarm|join)$/, '');
  const isNamed = username !== '' || password !== '';
  if (search || hash || isNamed) {
    const [plain] = full.split(/[?#]/);
    const instead = isNamed ? `${protocol}//${host}${path}` : plain;
    throw new UserError(
      `a coordinator's address ends with its path: give ${instead}, and its token by SWARMGRAD_TOKEN`,
      2,
    );
  }
  return {
    http: `${secure ? 'https' : 'http'}://${host}${path}`,
    swarm: `${secure ? 'wss' : 'ws'}://${host}${path}${SWARM_PATH}`,
  };
}

/** The beginning of an answer, for people to read. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) {
      text += part;
      if (text.length > MAX_ANSWER) break;
    }
  } catch {
    // What came until then is what there is.
  }
  return text.slice(0, MAX_ANSWER);
}

export interface DialOptions {
  /** Certificate of the coordinator's authority, in PEM form; undefined: those that Node trusts. */
  ca?: string | undefined;
  /** Shown at once, so that the coordinator need not take this worker for a stranger. */
  token?: string | undefined;
  /** Who reads and writes frames: websocket/, or the package `ws`. */
  transport?: Transport | undefined;
}

export function dial(url: string, events: ConnectionEvents, options: DialOptions = {}): Connection {
  const { ca, token, transport = 'own' } = options;
  // An option of `ws` that its types do not list.
  const closing = { closeTimeout: CLOSE_TIMEOUT_MS };
  const ws = new WebSocket(url, {
    ...closing,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: OPEN_TIMEOUT_MS,
    ...(ca === undefined ? {} : { ca }),
    ...(token !== undefined && TOKEN.test(token) ? { headers: { Authorization: `Bearer ${token}` } } : {}),
    // Masking guards proxies against browsers' scripts. A zero mask skips that work on both ends.
    generateMask: (mask) => mask.fill(0),
  });
  let problem = '';
  ws.on('error', (error) => {
    problem ||= explained(error);
  });
  // Refused over HTTP: the body, where there is one, says why.
  ws.on('unexpected-response', async (_request, response) => {
    const why = printable((await textOf(response)).trim());
    problem ||= `answer ${response.statusCode}${why ? `: ${why}` : ''}`;
    ws.terminate();
  });
  const told = {
    ...events,
    closed: (code: number, reason: string) => events.closed(code, problem || reason),
  };
  return transport === 'own' ? ownConnection(ws, told) : libraryConnection(ws, told);
}

/** The package shakes hands; then our own reader and writer take its socket over. */
function ownConnection(ws: WebSocket, { opened, place, received, closed }: ConnectionEvents): Connection {
  let own: FrameSocket | undefined;
  ws.on('close', (code, reason) => closed(code, reason.toString()));
  ws.on('upgrade', ({ socket }) => {
    const takeOff = rememberListeners(socket);
    ws.on('open', () => {
      takeOff();
      own = new FrameSocket(socket, FRAMES);
      own.listen({
        ...(place ? { place } : {}),
        received: (message, _isBinary, body) => received(message, body),
        closed,
      });
      opened();
    });
  });
  return {
    socket: {
      send: (bytes, flushed) => own?.send(bytes, undefined, flushed),
      sendFrame: (header, body, flushed) => own?.send(header, body, flushed),
      bufferedBytes: () => own?.bufferedBytes() ?? 0,
    },
    close: (code, reason) => (own ?? ws).close(code, reason),
  };
}

function libraryConnection(ws: WebSocket, { opened, received, closed }: ConnectionEvents): Connection {
  ws.on('open', opened);
  ws.on('message', (data) => received(data as Buffer));
  ws.on('close', (code, reason) => closed(code, reason.toString()));
  const send = (bytes: Uint8Array, flushed: (() => void) | undefined) => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(bytes, { binary: true }, (error) => {
      if (!error) flushed?.();
    });
  };
  return {
    socket: {
      send,
      sendFrame(header, body, flushed) {
        if (ws.readyState === ws.OPEN) ws.send(header, { binary: true, fin: false });
        send(body, flushed);
      },
      bufferedBytes: () => ws.bufferedAmount,
    },
    close: (code, reason) => ws.close(code, reason),
  };
}
