/** An ONNX Runtime as the compiled engine needs it: the same interface natively, in WebAssembly and in browsers. */
import type * as Ort from 'onnxruntime-common';
import type { Target } from './lower/target.js';

export interface Runtime {
  /** For example `compiled/cpu`. */
  name: string;
  /** What decides bits: name, version, target, thread count. */
  engineClass: string;
  target: Target;
  ort: Pick<typeof Ort, 'InferenceSession' | 'Tensor'>;
  session: Ort.InferenceSession.SessionOptions;
}

/** Which graph is wanted of the model, for so many samples. */
export interface GraphWanted {
  kind: 'gradient' | 'evaluation';
  samples: number;
}
