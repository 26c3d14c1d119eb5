/** What a server has refused or answered, counted for `/metrics`. Keys are few: codes and reasons of our own. */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type { WorkerRole } from '../../shared/roles.js';

/** Beside our own reasons: what the WebSocket library refuses, and what never became a connection. */
export type Refused =
  | CloseReason
  | 'messageTooLong'
  | 'brokenWebSocket'
  | 'tooManyConnections'
  | 'foreignOrigin'
  | 'tcpLimit';

/** Who sends a message: `stranger` has not joined. */
export type Sender = WorkerRole | 'stranger';

export class ServerCounts {
  /** Connections that were closed or refused from here, by the reason. */
  readonly closed = new Map<Refused, number>();
  /** Answers over HTTP, by their code. */
  readonly answered = new Map<number, number>();
  /** Messages and frames of workers that were read, whatever became of them. */
  readonly messages = new Map<Sender, number>();
  /** Pages that watch now, and WebSockets that are open. */
  streams: () => number = () => 0;
  sockets: () => number = () => 0;

  close(reason: Refused): void {
    this.closed.set(reason, (this.closed.get(reason) ?? 0) + 1);
  }

  message(from: Sender): void {
    this.messages.set(from, (this.messages.get(from) ?? 0) + 1);
  }

  answer(code: number): void {
    this.answered.set(code, (this.answered.get(code) ?? 0) + 1);
  }
}
