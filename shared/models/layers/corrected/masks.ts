/** Masks of steps in TF.js 4.22: who is given one, and a layer that should heed it and does not. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { type Inputs, only, type Tf } from '../layer.js';

export type Kwargs = Record<string, unknown>;

/** A layer's `call`. */
export type Call = (
  this: TensorFlow.layers.Layer,
  inputs: Inputs,
  kwargs: Kwargs | undefined,
) => TensorFlow.Tensor | TensorFlow.Tensor[];

interface Applies {
  apply(inputs: unknown, kwargs?: Kwargs): unknown;
}

/**
 * TF.js runs a model's layers with one object of arguments. It writes a layer's mask into it, and leaves it there: a
 * recurrent layer behind the end of a mask would be given a mask of other steps.
 */
export function ownMasks(layer: Applies): void {
  const { apply } = layer;
  layer.apply = function (this: Applies, inputs, kwargs) {
    const result = apply.call(this, inputs, kwargs);
    if (kwargs && 'mask' in kwargs) delete kwargs.mask;
    return result;
  };
}

/** The mean over the steps that a mask leaves, as in Keras, whose result of no steps is no number; here it is 0. */
export const averageOfUnmasked =
  (tf: Tf) =>
  (call: Call): Call =>
    function (inputs, kwargs) {
      const mask = kwargs?.mask as TensorFlow.Tensor | null | undefined;
      if (!mask) return call.call(this, inputs, kwargs);
      return tf.tidy(() => {
        const counted = tf.expandDims(tf.cast(mask, 'float32'), -1);
        const steps = tf.maximum(tf.sum(counted, 1), 1);
        return tf.div(tf.sum(tf.mul(only(inputs), counted), 1), steps);
      });
    };
