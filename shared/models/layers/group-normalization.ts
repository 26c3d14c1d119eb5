import { defineLayer, optional } from './define-layer.js';
import type { InitializerConfig } from './layer.js';

const groupsOf = (groups: number, channels: number) => (groups === -1 ? channels : groups);

/**
 * Group normalization (Wu & He 2018) as in Keras: the channels, which come last, are cut into groups, and each group
 * of each sample is normalized by its own mean and biased variance over all places, then scaled and shifted by
 * channel. One channel a group is instance normalization, one group layer normalization.
 */
export const groupNormalization = defineLayer({
  options: {
    /** -1: one for each channel. */
    groups: optional(32),
    epsilon: optional(1e-3),
    center: optional(true),
    scale: optional(true),
    betaInitializer: optional<InitializerConfig | null>(null),
    gammaInitializer: optional<InitializerConfig | null>(null),
  },
  weights({ groups, scale, center, gammaInitializer, betaInitializer }, shape) {
    const channels = shape.at(-1)!;
    const count = groupsOf(groups, channels);
    if (channels % count !== 0) throw new Error(`${count} groups do not divide ${channels} channels`);
    return {
      gamma: scale ? { shape: [channels], initial: gammaInitializer ?? 'ones' } : undefined,
      beta: center ? { shape: [channels], initial: betaInitializer ?? 'zeros' } : undefined,
    };
  },
  supportsMasking: true,
  call(tf, x, { options: { groups, epsilon }, weights: { gamma, beta } }) {
    const [n, channels] = [x.shape[0]!, x.shape.at(-1)!];
    const count = groupsOf(groups, channels);
    const grouped = x.reshape([n, x.size / (n * channels), count, channels / count]);
    const centered = tf.sub(grouped, tf.mean(grouped, [1, 3], true));
    const variance = tf.mean(tf.square(centered), [1, 3], true);
    const normal = tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon))).reshape(x.shape);
    const scaled = gamma ? tf.mul(normal, gamma) : normal;
    return beta ? tf.add(scaled, beta) : scaled;
  },
});
