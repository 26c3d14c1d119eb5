/** What a connection asks of the server around it: who is at the far end, and whether it has not said enough. */
import type { Tap } from '../../../shared/protocol/trace.js';
import type { Refused, Sender } from '../../monitor/server-counts.js';
import { JOIN_WITHIN } from '../network/limits.js';
import type { AuthResult, Principal } from './authenticator.js';
import type { Lost } from './token-store.js';

export interface ConnectionGuard {
  /** The far end's IP address, where it has one. */
  address?: string | undefined;
  /** @param token of the join message */
  authenticate(token: string | undefined): AuthResult;
  /** Milliseconds within which a join must arrive. */
  joinWithinMs: number;
  /** Gives who joins its place among those that take part. @returns whether there is one */
  takePlace(principal: Principal): boolean;
  /** Whether the identity, which is not trusted by its token, may join once more now. */
  mayJoin(identity: string): boolean;
  /** Calls `lost` once the visitor's token is void. @returns what ends that */
  watch(principal: Principal, lost: Lost): () => void;
  /**
   * Why another message may not come; undefined: it may.
   * @param controlBytes of a control message; 0: a frame, or an answer that was asked for at its length
   */
  mayReceive(controlBytes: number): 'tooManyMessages' | 'tooManyBytes' | undefined;
  /** The worker was sent what it owes an answer to. */
  asked(): void;
  /** A message is read. */
  received(from: Sender): void;
  /** The connection is closed from here. */
  refused(reason: Refused): void;
  /** Where messages are traced. */
  trace?: Tap | undefined;
}

/** Every principal is a worker. */
export const OPEN_GUARD: ConnectionGuard = {
  authenticate: () => ({ principal: { roles: ['worker'] } }),
  joinWithinMs: JOIN_WITHIN.known,
  takePlace: () => true,
  mayJoin: () => true,
  watch: () => () => undefined,
  mayReceive: () => undefined,
  asked: () => undefined,
  received: () => undefined,
  refused: () => undefined,
};
