/** What the browser bench asks of a worker in the browser, and what that answers. */
import type { ComputeSubject } from '../../worker/data/material.js';

export interface Loop {
  /** An engine's name; `plain/BACKEND` is TF.js's own `trainOnBatch`; `exchange` computes nothing. */
  engine: string;
  subject: ComputeSubject;
  /** Samples of the shards of one step. */
  shards: number[];
  warmUp: number;
  steps: number;
}

/** Where the page's own server returns what it is sent. */
export const ECHO_PATH = '/echo';

/** Milliseconds of a step, or why there is none. */
export type LoopAnswer = { ms: number } | { refused: string };
