import type { WeightSpec } from '../numerics/layout.js';
import type { LossName } from '../numerics/losses.js';

/**
 * A model as the coordinator serves it: topology and names, never code. Content-addressed JSON,
 * fetched once by every worker at `/objects/<sha256>`.
 */
export interface ModelDescription {
  /** 2 where it has what workers of the first version would leave out. */
  format: 1 | 2;
  name: string;
  /** TF.js layers JSON, as `model.toJSON(null, false)` returns it. Every initializer has its seed. */
  topology: Record<string, unknown>;
  /** Trainable ones first, frozen ones last. */
  weights: WeightSpec[];
  /** SHA-256 of the object that holds the values of the frozen ones, as little-endian float32; absent: there are none. */
  frozenSha256?: string;
  loss: LossName;
  /** Of a cross-entropy: the share of a label that is spread evenly over all classes; absent: 0. */
  labelSmoothing?: number;
  /** What a training sample of each class counts; absent: 1. */
  classWeights?: number[];
  inputShape: number[];
  outputShape: number[];
  /** One row a layer, for display. */
  layers: { name: string; type: string; outputShape: string; parameters: number }[];
}
