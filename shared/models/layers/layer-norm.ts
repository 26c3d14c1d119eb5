/**
 * Layer normalisation over the last axis (Ba et al. 2016), with the biased variance and PyTorch's epsilon:
 * (x - mean) / sqrt(variance + 1e-5) * gamma + beta. TF.js's own layer repeats mean and variance by tiling,
 * whose gradient takes thousands of kernels.
 */
import type { LayerVariable } from '@tensorflow/tfjs';
import {
  type Inputs,
  type LayerArgs,
  type LayerClass,
  only,
  onlyShape,
  type Shapes,
  type Tf,
} from './layer.js';

const EPSILON = 1e-5;

export function layerNorm(tf: Tf): LayerClass<LayerArgs> {
  return class LayerNorm extends tf.layers.Layer {
    static className = 'LayerNorm';
    private gamma!: LayerVariable;
    private beta!: LayerVariable;

    override build(inputShape: Shapes): void {
      const width = onlyShape(inputShape).at(-1)!;
      this.gamma = this.addWeight('gamma', [width], 'float32', tf.initializers.ones());
      this.beta = this.addWeight('beta', [width], 'float32', tf.initializers.zeros());
      this.built = true;
    }

    override call(inputs: Inputs) {
      return tf.tidy(() => {
        const x = only(inputs);
        const centred = tf.sub(x, tf.mean(x, -1, true));
        const variance = tf.mean(tf.square(centred), -1, true);
        const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, EPSILON)));
        return tf.add(tf.mul(normalised, this.gamma.read()), this.beta.read());
      });
    }
  };
}
