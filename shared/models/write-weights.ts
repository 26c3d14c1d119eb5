import type * as TensorFlow from '@tensorflow/tfjs';
import { layoutOf, type WeightSpec } from '../layout.js';

/** Gives a model the values of the flat vector of `shared/layout.ts`. */
export function writeWeights(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  specs: readonly WeightSpec[],
  values: Float32Array,
): void {
  for (const [i, { shape, offset, size }] of layoutOf(specs).slots.entries()) {
    const tensor = tf.tensor(values.slice(offset, offset + size), shape);
    model.weights[i]!.write(tensor);
    tensor.dispose();
  }
}
