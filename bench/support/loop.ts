/** What the browser bench asks of a worker in the browser, and what that answers. */
import type { ComputeSubject } from '../../worker/material.js';

export interface Loop {
  /** An engine's name; `plain/BACKEND` is TF.js's own `trainOnBatch`. */
  engine: string;
  subject: ComputeSubject;
  /** Samples of the shards of one step. */
  shards: number[];
  warmUp: number;
  steps: number;
}

/** Milliseconds of a step, or why there is none. */
export type LoopAnswer = { ms: number } | { refused: string };
