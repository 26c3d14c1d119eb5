/**
 * A connection between a coordinator and a worker of its own process: messages are handed over as they are, and weights
 * and gradients are read and added where they lie. What is handed over is heard in a later turn, in its order, as from a
 * socket.
 */
import type { CoordinatorMessage, WorkerMessage } from './messages.js';

/** Which weights: of a version, or their moving average. */
export type WhichWeights = 'current' | 'averaged';

/** What the worker hears. */
export interface InProcessEvents {
  /** Messages may be sent from now on. */
  opened(): void;
  /** A message has come. */
  told(message: CoordinatorMessage): void;
  /** All of a version lies in `values`, where it stays until the version after the next one is begun. */
  held(which: WhichWeights, version: number, values: Float32Array): void;
  /** Nothing comes any more. */
  closed(code: number, reason: string): void;
}

/** What the worker has of the connection. */
export interface InProcessConnection {
  /** Sends a message. */
  tell(message: WorkerMessage): void;
  /** Hands over a chunk of a gradient. @param flushed is called when its memory may be used again */
  sendFrame(header: Uint8Array, body: Uint8Array, flushed: () => void): void;
  /** A vector for gradients that are added where they lie; undefined: there is no room for another one. */
  allocate(elements: number): Float32Array | undefined;
  /** Gives such a vector back: the worker writes to it no more. */
  release(vector: Float32Array): void;
  /** Ends it, with a code of PROTOCOL.md. */
  close(code: number, reason: string): void;
}

/** Where a coordinator's own process joins its run. */
export interface InProcessDoor {
  /** Opens a connection. */
  connect(events: InProcessEvents): InProcessConnection;
  /** What other workers fetch by this hash. */
  object(sha256: string): Uint8Array | undefined;
}
