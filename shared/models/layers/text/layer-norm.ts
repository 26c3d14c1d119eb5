import { defineLayer, optional } from '../define-layer.js';

/** PyTorch's. */
const EPSILON = 1e-5;

/**
 * Layer normalization over the last axis (Ba et al. 2016), with the biased variance:
 * (x - mean) / sqrt(variance + epsilon) * gamma + beta. TF.js's own layer repeats mean and variance by tiling,
 * whose gradient takes thousands of kernels.
 */
export const layerNorm = defineLayer({
  options: { epsilon: optional<number | undefined>(undefined) },
  weights: (_options, shape) => {
    const width = shape.at(-1)!;
    return { gamma: { shape: [width], initial: 'ones' }, beta: { shape: [width], initial: 'zeros' } };
  },
  call(tf, x, { options: { epsilon = EPSILON }, weights: { gamma, beta } }) {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(normalized, gamma), beta);
  },
});
