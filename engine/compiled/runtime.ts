/** An ONNX Runtime as the compiled engine needs it: the same interface natively, in WebAssembly and in browsers. */
import type * as Ort from 'onnxruntime-common';
import type { Target } from './lower/target.js';

export interface Runtime {
  /** The engine's name, for example `compiled/cpu`. */
  name: string;
  /** What decides bits: name, version, target, thread count. */
  engineClass: string;
  target: Target;
  ort: Pick<typeof Ort, 'InferenceSession' | 'Tensor'>;
  session: Ort.InferenceSession.SessionOptions;
  /** When several shards of a node are computed by one run; never where it is left out. */
  joining?: Joining;
}

export interface Joining {
  /** The most shards that one graph joins. */
  shards: number;
  /**
   * The largest sum of one shard's intermediate values: those of all shards may exist at once, and where they
   * are many, computing takes so long that copying weights and gradients does not matter.
   */
  elements: number;
}

/** Joins as many shards as a step has by default. */
export const JOINING: Joining = { shards: 8, elements: 1 << 20 };
