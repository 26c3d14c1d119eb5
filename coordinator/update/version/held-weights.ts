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
  /** Where they travel as changes of the version before. */
  readonly changes?: Changes;
  /** How many chunks of `version` can be sent; 0 for a version that is past or not begun. */
  available(version: number): number;
  /** The frame of an available chunk. */
  frame(version: number, chunk: number): WeightsFrame;
  /** All of a version whose chunks are all available: where it lies, and not a copy. */
  whole(version: number): Float32Array;
  /** Chunk of the current version. */
  reading(chunk: number): Float32Array;
  /** The current version: a copy. */
  flat(): Float32Array;
  /** SHA-256 of the bytes of a version without its frozen end, in hexadecimal; undefined: it is not known any more. */
  sha256Of(version: number): string | undefined;
}

/** What leads from each version to the next. */
export interface Changes {
  /** Chunks made of the change to `version`; undefined: it is not kept. */
  made(version: number): number | undefined;
  /** The frame of such a chunk: nothing is ever written to it again. */
  change(version: number, chunk: number): WeightsFrame;
}

/** What workers hold where weights travel coded. */
export interface CodedWeights extends HeldWeights {
  /** Whether what is held does not follow from the weights: it must last. */
  readonly hasMemory: boolean;
  /** Replaces the current version. @param weights of the run; @param held what was held of them, where that lasts */
  load(weights: Float32Array, version: number, held?: Float32Array): void;
  /** A chunk of the weights of the next version is made. */
  finishChunk(chunk: number, weights: Float32Array): void;
  /** The new version becomes the current one. */
  advance(): void;
}
