/**
 * One worker's connection: validates what arrives and hands it on, in order, one message at a time.
 * Whatever breaks the protocol ends this connection with its own close code, and nothing else.
 */
import type { RawData, WebSocket } from 'ws';
import { CLOSE, type CloseReason, closeText } from '../../shared/protocol/close-codes.js';
import { decodeWorkerMessage, encode } from '../../shared/protocol/codec.js';
import { FRAME_CONTRIBUTION, FrameError, isFrame, readFrame } from '../../shared/protocol/frame.js';
import { MessageError } from '../../shared/protocol/message-error.js';
import {
  type CoordinatorMessage,
  PROTOCOL_VERSION,
  type WorkerMessage,
} from '../../shared/protocol/messages.js';
import type { Refusal, Verdict, Visitor } from '../access/gate.js';
import type { Peer, Worker } from '../participants.js';
import type { Swarm } from '../swarm.js';
import { identityOf } from '../trust/identity.js';
import type { Refused, Sender } from './counts.js';
import { MAX_FIRST_MESSAGE_BYTES } from './limits.js';
import { MESSAGES, may } from './rights.js';

const JOIN_TIMEOUT_MS = 10_000;

/** What both directions have carried, in bytes of WebSocket payload. */
export interface Traffic {
  up: number;
  down: number;
}

/** Says who is at the far end. */
export interface Door {
  /** The far end's IP address, where it has one. */
  address?: string | undefined;
  /** @param token of the join message */
  admit(token: string | undefined): Verdict;
  /** Calls `lost` once the visitor's token is void. @returns what ends that */
  watch(visitor: Visitor, lost: () => void): () => void;
  /** Whether another message may come, by how many came. */
  mayReceive(): boolean;
  /** A message is read. */
  received(from: Sender): void;
  /** The connection is closed from here. */
  refused(reason: Refused): void;
}

/** Whoever comes is a worker. */
const OPEN_DOOR: Door = {
  admit: () => ({ visitor: { roles: ['worker'] } }),
  watch: () => () => undefined,
  mayReceive: () => true,
  received: () => undefined,
  refused: () => undefined,
};

export function serveConnection(
  socket: WebSocket,
  swarm: Swarm,
  traffic: Traffic,
  door: Door = OPEN_DOOR,
): void {
  const peer = peerOf(socket, traffic, door);
  let worker: Worker | undefined;
  let roles: Visitor['roles'] = [];
  let forget: () => void = () => undefined;
  let closing = false;

  const refuse = (reason: CloseReason, text: string) => {
    closing = true;
    if (worker) swarm.refuse(worker, reason, text);
    else peer.close(reason, text);
  };
  const isAllowed = (what: keyof typeof MESSAGES): boolean => {
    if (may(MESSAGES[what], roles)) return true;
    refuse('forbidden', `${what} is not for the role ${roles.join(', ')}`);
    return false;
  };
  const joinTimer = setTimeout(
    () => refuse('joinTimeout', `no join within ${JOIN_TIMEOUT_MS / 1000} s`),
    JOIN_TIMEOUT_MS,
  );

  const receive = (bytes: Uint8Array) => {
    if (worker) swarm.heard(worker);
    if (isFrame(bytes)) {
      const frame = readFrame(bytes);
      if (frame.type !== FRAME_CONTRIBUTION)
        throw new FrameError(`frame type ${frame.type} is not a worker's to send`);
      if (worker && !isAllowed('frame')) return;
      if (!worker || !swarm.isActive(worker)) refuse('unexpected', 'a frame before ready');
      else swarm.current?.frame(worker, frame);
      return;
    }
    handle(decodeWorkerMessage(bytes));
  };

  const handle = (message: WorkerMessage) => {
    if (message.type === 'join') {
      if (worker) return refuse('unexpected', 'a second join');
      if (message.protocol !== PROTOCOL_VERSION) {
        return refuse(
          'protocolVersion',
          `coordinator speaks version ${PROTOCOL_VERSION}, worker ${message.protocol}`,
        );
      }
      const verdict = door.admit(message.token);
      if ('refused' in verdict) {
        const { reason, text } = REFUSALS[verdict.refused];
        return refuse(reason, text);
      }
      const { visitor } = verdict;
      roles = visitor.roles;
      if (!isAllowed('join')) return;
      clearTimeout(joinTimer);
      forget = door.watch(visitor, () => refuse('revoked', 'its token was revoked, or has expired'));
      const isTrusted = roles.includes('worker') || roles.includes('admin');
      const role = visitor.holder && (isTrusted ? 'worker' : 'volunteer');
      worker = swarm.join(peer, message, role, identityOf(message.name, door.address, visitor.holder?.name));
      return;
    }
    if (!worker) return refuse('unexpected', `${message.type} before join`);
    if (!isAllowed(message.type)) return;
    const { state } = worker.member;
    const early = message.type === 'ready' ? state !== 'joining' : state === 'joining';
    if (early && message.type !== 'heartbeat') return refuse('unexpected', `${message.type} while ${state}`);
    switch (message.type) {
      case 'ready':
        return swarm.ready(worker, message);
      case 'holding':
        return swarm.holding(worker);
      case 'contribution':
        return swarm.contribution(worker, message);
      case 'evaluated':
        return swarm.evaluated(worker, message);
      case 'dropped':
        return swarm.dropped(worker, message);
      case 'heartbeat':
        return;
      default:
        message satisfies never;
    }
  };

  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (closing) return;
    const bytes = data as Buffer;
    traffic.up += bytes.length;
    if (!door.mayReceive()) return refuse('tooManyMessages', 'more messages a second than any worker needs');
    door.received(worker?.role ?? 'stranger');
    try {
      if (!worker && bytes.length > MAX_FIRST_MESSAGE_BYTES)
        throw new MessageError(`a first message of ${bytes.length} bytes`);
      if (!isBinary) throw new MessageError('a text message: all messages are binary');
      receive(bytes);
    } catch (error) {
      if (!(error instanceof MessageError || error instanceof FrameError)) throw error;
      refuse('malformed', error.message);
    }
  });
  socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    // `close` follows. What is not the library's is a broken line, and nobody's fault.
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') door.refused('messageTooLong');
    else if (code.startsWith('WS_ERR')) door.refused('brokenWebSocket');
  });
  socket.on('close', (code) => {
    clearTimeout(joinTimer);
    forget();
    closing = true;
    if (worker) swarm.left(worker, code === 1006 ? 'connection lost' : `connection closed (${code})`);
  });
}

const REFUSALS: Record<Refusal, { reason: CloseReason; text: string }> = {
  missing: {
    reason: 'unauthorized',
    text: 'this run asks for a token: give one by SWARMGRAD_TOKEN or --token, or open your link again',
  },
  wrong: {
    reason: 'unauthorized',
    text: 'the token is not valid: it may have been revoked, or have expired',
  },
  tooMany: { reason: 'tooManyAttempts', text: 'too many wrong tokens from this address' },
};

function peerOf(socket: WebSocket, traffic: Traffic, door: Door): Peer {
  let delivered = 0;
  const send = (bytes: Uint8Array, flushed?: () => void) => {
    if (socket.readyState !== socket.OPEN) return;
    traffic.down += bytes.length;
    socket.send(bytes, { binary: true }, (error) => {
      if (error) return;
      delivered++;
      flushed?.();
    });
  };
  const sendFrame = (header: Uint8Array, body: Uint8Array, flushed: () => void) => {
    if (socket.readyState !== socket.OPEN) return;
    traffic.down += header.length;
    // The first fragment of the message; the other follows at once.
    socket.send(header, { binary: true, fin: false });
    send(body, flushed);
  };
  return {
    delivered: () => delivered,
    send: (message: CoordinatorMessage) => send(encode(message)),
    sendFrame,
    bufferedBytes: () => socket.bufferedAmount,
    close(reason, text) {
      door.refused(reason);
      socket.close(CLOSE[reason].code, closeText(text));
    },
  };
}
