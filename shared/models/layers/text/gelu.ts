import type { Tensor } from '@tensorflow/tfjs';
import { defineLayer } from '../define-layer.js';

/** 2 u = x (LINEAR + CUBIC x^2). */
const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = LINEAR * 0.044715;

/**
 * The Gaussian error linear unit in the approximation of GPT-2 (Hendrycks & Gimpel 2016), 0.5 x (1 + tanh u)
 * with u = sqrt(2 / pi) (x + 0.044715 x^3), written as x sigmoid(2 u).
 */
export const gelu = defineLayer({
  options: {},
  call(tf, x) {
    /** y = x s with s = sigmoid(u(x)); its derivative s + y (1 - s) u'(x) takes half of what TF.js derives. */
    const active = tf.customGrad((...given) => {
      const [x, save] = given as [Tensor, (tensors: Tensor[]) => void];
      const slope = tf.add(tf.mul(tf.square(x), CUBIC), LINEAR);
      const s = tf.sigmoid(tf.mul(x, slope));
      save([x, s]);
      const gradFunc = (dy: Tensor, saved: Tensor[]) => {
        const [x, s] = saved as [Tensor, Tensor];
        const slope = tf.add(tf.mul(tf.square(x), CUBIC), LINEAR);
        const y = tf.mul(x, s);
        const bend = tf.mul(tf.sub(y, tf.mul(y, s)), tf.sub(tf.mul(slope, 3), 2 * LINEAR));
        return tf.mul(dy, tf.add(s, bend));
      };
      return { value: tf.mul(x, s), gradFunc: gradFunc as never };
    });
    return active(x);
  },
});
