/**
 * One worker's connection: validates what arrives and hands it on, in order, one message at a time.
 * Whatever breaks the protocol ends this connection with its own close code, and nothing else.
 */
import type { RawData, WebSocket } from 'ws';
import { CLOSE, type CloseReason, closeText } from '../../shared/protocol/close-codes.js';
import { decodeWorkerMessage, encode } from '../../shared/protocol/codec.js';
import { FRAME_CONTRIBUTION, FrameError, isFrame, readFrame } from '../../shared/protocol/frame.js';
import {
  type CoordinatorMessage,
  PROTOCOL_VERSION,
  type WorkerMessage,
} from '../../shared/protocol/messages.js';
import { MessageError } from '../../shared/protocol/validate.js';
import type { Peer, Swarm, Worker } from '../swarm.js';

const JOIN_TIMEOUT_MS = 10_000;

/** What both directions have carried, in bytes of WebSocket payload. */
export interface Traffic {
  up: number;
  down: number;
}

export function serveConnection(socket: WebSocket, swarm: Swarm, traffic: Traffic): void {
  const peer = peerOf(socket, traffic);
  let worker: Worker | undefined;
  let closing = false;

  const refuse = (reason: CloseReason, text: string) => {
    closing = true;
    if (worker) swarm.refuse(worker, reason, text);
    else peer.close(reason, text);
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
      clearTimeout(joinTimer);
      worker = swarm.join(peer, message);
      return;
    }
    if (!worker) return refuse('unexpected', `${message.type} before join`);
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
    try {
      if (!isBinary) throw new MessageError('a text message: all messages are binary');
      receive(bytes);
    } catch (error) {
      if (!(error instanceof MessageError || error instanceof FrameError)) throw error;
      refuse('malformed', error.message);
    }
  });
  socket.on('error', () => {
    // A protocol error or a broken socket: `close` follows and tells the code.
  });
  socket.on('close', (code) => {
    clearTimeout(joinTimer);
    closing = true;
    if (worker) swarm.left(worker, code === 1006 ? 'connection lost' : `connection closed (${code})`);
  });
}

function peerOf(socket: WebSocket, traffic: Traffic): Peer {
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
  return {
    delivered: () => delivered,
    send: (message: CoordinatorMessage) => send(encode(message)),
    sendFrame: send,
    bufferedBytes: () => socket.bufferedAmount,
    close(reason, text) {
      socket.close(CLOSE[reason].code, closeText(text));
      // A peer that does not answer the closing handshake is cut off.
      setTimeout(() => socket.terminate(), 5_000).unref();
    },
  };
}
