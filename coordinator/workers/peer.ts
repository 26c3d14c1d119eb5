/** A worker's connection, as the swarm knows it: knows nothing of WebSockets. */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type { InProcessEvents } from '../../shared/protocol/in-process.js';
import type * as m from '../../shared/protocol/messages.js';
import type { Worker } from '../scheduling/worker.js';
import type { Feed, FrameSink } from './weights/weights-feed.js';

/** The far end of a connection. */
export interface Peer extends FrameSink {
  /** Messages that the far end's system has taken so far. */
  delivered?(): number;
  send(message: m.CoordinatorMessage): void;
  close(reason: CloseReason, text: string): void;
  /** Where the far end is in this process, it hears of weights instead of being sent them. */
  held?: InProcessEvents['held'];
}

/** A worker, its far end, and what feeds it with weights. */
export interface Connection {
  readonly worker: Worker;
  readonly peer: Peer;
  readonly weights: Feed;
  readonly averaged: Feed | undefined;
  /** What it held when it joined. */
  readonly holds: m.Join['holds'] | undefined;
  /** The version whose hash it was told last, to be compared. */
  check: number | undefined;
}

/** What both directions have carried, in bytes of WebSocket payload. */
export interface Traffic {
  up: number;
  down: number;
}
