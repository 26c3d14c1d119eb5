/** What a server has refused or answered, counted for `/metrics`. Keys are few: codes and reasons of our own. */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';

/** Our own reasons, what the WebSocket library refuses, and what never became a connection. */
export type Refused =
  | CloseReason
  | 'messageTooLong'
  | 'brokenWebSocket'
  | 'tooManyStrangers'
  | 'foreignOrigin'
  | 'foreignHost'
  | 'twoHosts'
  | 'tcpLimit';

/** The sender of a message: a `stranger` has not joined. */
export type Sender = WorkerRole | 'stranger';

export class ServerCounts {
  /** Connections that were closed or refused from here, by the reason. */
  readonly closed = new Map<Refused, number>();
  /** Answers over HTTP, by their code. */
  readonly answered = new Map<number, number>();
  /** Messages and frames of workers that were read, accepted or not. */
  readonly messages = new Map<Sender, number>();
  /** @param open how many WebSockets are open now, and how many pages watch */
  constructor(readonly open: { websockets(): number; streams(): number }) {}

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
