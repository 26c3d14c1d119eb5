import type * as TensorFlow from '@tensorflow/tfjs';
import { layoutOf, type WeightSpec } from '../numerics/layout.js';
import { weightsInOrder } from './weights-in-order.js';

/** Gives a model the values of the flat vector of `shared/numerics/layout.ts`. */
export function writeWeights(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  specs: readonly WeightSpec[],
  values: Float32Array,
): void {
  const weights = weightsInOrder(model, specs);
  for (const [i, { shape, offset, size }] of layoutOf(specs).slots.entries()) {
    const tensor = tf.tensor(values.slice(offset, offset + size), shape);
    setWeight(weights[i]!, tensor);
    tensor.dispose();
  }
}

/** Sets exactly these values: TF.js's own `write` would project them, which only the coordinator's update does. */
export const setWeight = (weight: TensorFlow.LayerVariable, values: TensorFlow.Tensor): void =>
  void (weight.read() as TensorFlow.Variable).assign(values);
