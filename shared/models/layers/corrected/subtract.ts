/** Keras' difference of two inputs, first less second. */
import type { Tensor } from '@tensorflow/tfjs';
import { classOf, type LayerArgs, type LayerClass, type Tf } from '../layer.js';

export function subtract(tf: Tf): LayerClass<LayerArgs> {
  return class Subtract extends classOf<LayerArgs>(tf, 'Add') {
    static override className = 'Subtract';

    mergeFunction(inputs: Tensor[]): Tensor {
      const [first, second, ...others] = inputs;
      if (!first || !second || others.length > 0)
        throw new Error(`Subtract takes two inputs, not ${inputs.length}`);
      return tf.tidy(() => tf.sub(first, second));
    }
  };
}
