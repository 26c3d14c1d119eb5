/** Who computes, as the parts of the run know them. */
import type { CloseReason } from '../shared/protocol/close-codes.js';
import type * as m from '../shared/protocol/messages.js';
import type { WorkerRole } from '../shared/roles.js';
import type { FrameSink, WeightsFeed } from './server/weights-feed.js';
import type { Member } from './work/members.js';

/** The far end of a connection. */
export interface Peer extends FrameSink {
  /** Messages that the far end's system has taken so far. */
  delivered?(): number;
  send(message: m.CoordinatorMessage): void;
  close(reason: CloseReason, text: string): void;
}

/** Whoever computes: a worker, or the coordinator itself. */
export interface Contributor {
  readonly member: Member;
  /** By its token; `worker`, which is trusted, where the run asks for none. */
  readonly role: WorkerRole;
  /** What lasts over connections, and what is banned: trust/identity.ts. */
  readonly identity: string;
}

export interface Worker extends Contributor {
  readonly peer: Peer;
  readonly weights: WeightsFeed;
  readonly averaged: WeightsFeed | undefined;
}
