/**
 * The Gaussian error linear unit in the approximation of GPT-2 (Hendrycks & Gimpel 2016), 0.5 x (1 + tanh u)
 * with u = sqrt(2 / pi) (x + 0.044715 x^3), written as x sigmoid(2 u).
 */
import { type Inputs, type LayerArgs, type LayerClass, only, type Tf } from './layer.js';

/** 2 u = x (LINEAR + CUBIC x^2). */
const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = LINEAR * 0.044715;

export function gelu(tf: Tf): LayerClass<LayerArgs> {
  return class Gelu extends tf.layers.Layer {
    static className = 'Gelu';

    override call(inputs: Inputs) {
      return tf.tidy(() => {
        const x = only(inputs);
        const slope = tf.add(tf.mul(tf.square(x), CUBIC), LINEAR);
        return tf.mul(x, tf.sigmoid(tf.mul(x, slope)));
      });
    }
  };
}
