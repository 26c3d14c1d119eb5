import type { Tensor } from '@tensorflow/tfjs';
import { defineLayer, required } from '../define-layer.js';
import type { InitializerConfig, Tf } from '../layer.js';

/**
 * Multi-head scaled dot-product attention (Vaswani et al. 2017) of a sequence to itself, where a position
 * sees only itself and those before it: [n, t, width] to the same. `qkvInitializer` begins the weights of queries,
 * keys and values, `outputInitializer` those of the projection at the end.
 */
export const causalSelfAttention = defineLayer({
  options: {
    /** Divides the width. */
    heads: required<number>(),
    qkvInitializer: required<InitializerConfig>(),
    outputInitializer: required<InitializerConfig>(),
  },
  weights({ heads, qkvInitializer, outputInitializer }, shape) {
    const width = shape.at(-1)!;
    if (width % heads !== 0) throw new Error(`${heads} heads do not divide a width of ${width}`);
    return {
      qkvKernel: { shape: [width, 3 * width], initial: qkvInitializer },
      qkvBias: { shape: [3 * width], initial: 'zeros' },
      outputKernel: { shape: [width, width], initial: outputInitializer },
      outputBias: { shape: [width], initial: 'zeros' },
    };
  },
  call(tf, x, { options: { heads }, weights: { qkvKernel, qkvBias, outputKernel, outputBias } }) {
    const [n, t, width] = x.shape as [number, number, number];
    const perHead = width / heads;
    const dense = (values: Tensor, kernel: Tensor, bias: Tensor) =>
      tf.add(tf.matMul(values.reshape([n * t, width]), kernel), bias);
    const qkv = dense(x, qkvKernel, qkvBias);
    // Each [n, heads, t, perHead].
    const [q, k, v] = tf
      .split(qkv, 3, 1)
      .map((part) => tf.transpose(part.reshape([n, t, heads, perHead]), [0, 2, 1, 3]));
    const scores = tf.matMul(tf.mul(q!, 1 / Math.sqrt(perHead)), k!, false, true);
    const attention = tf.softmax(tf.add(scores, causalMask(tf, t)));
    const merged = tf.transpose(tf.matMul(attention, v!), [0, 2, 1, 3]);
    return dense(merged, outputKernel, outputBias).reshape(x.shape);
  },
});

/** Added to the score of a later position: its weight in the softmax is then exactly 0. */
const NEVER = -1e9;

/** [t, t]: 0 where column <= row, `NEVER` above. */
function causalMask(tf: Tf, t: number): Tensor {
  const mask = Float32Array.from({ length: t * t }, (_, at) => (at % t <= Math.floor(at / t) ? 0 : NEVER));
  return tf.tensor2d(mask, [t, t]);
}
