/** The weights as workers hold them: those of the run or, where they travel coded, what workers make of the bytes. */
import type { Layout } from '../../../shared/numerics/layout.js';

/** A message of two parts. */
export interface WeightsFrame {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

export interface HeldWeights {
  readonly layout: Layout;
  readonly version: number;
  readonly chunks: number;
  /** How many chunks of `version` can be sent; 0 for a version that is past or not begun. */
  available(version: number): number;
  /** The frame of an available chunk. */
  frame(version: number, chunk: number): WeightsFrame;
  /** All of a version whose chunks are all available: where it lies, and not a copy. */
  whole(version: number): Float32Array;
  /** The current version: a copy. */
  flat(): Float32Array;
  /** SHA-256 of the bytes of the current version, in hexadecimal. */
  sha256(): string;
}
