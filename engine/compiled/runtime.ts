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
  /** The results of one run can stay on the device and be fed to another: weights are handed in once a version. */
  keepsOnDevice?: true;
}

export interface Joining {
  /** The most shards that one graph joins. */
  shards: number;
  /**
   * The largest sum of one shard's intermediate values: those of all shards may exist at once, and where they
   * are many, computing takes so long that copying weights and gradients does not matter.
   */
  elements: number;
  /** The most shards whose sum is read once from a device that keeps results; a node is not stopped within them. */
  onDevice?: number;
}

/** Joins as many shards as a step has by default. */
export const JOINING: Joining = { shards: 8, elements: 1 << 20 };

/** What is copied crosses the machine's bus, so intermediate values may be many: 256 MB of a shard. */
export const JOINING_ON_DEVICE: Joining = { shards: 8, elements: 1 << 26, onDevice: 64 };
