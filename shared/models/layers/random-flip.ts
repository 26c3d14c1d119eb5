import type { Tensor4D } from '@tensorflow/tfjs';
import { defineLayer, optional } from './define-layer.js';

/**
 * Keras' augmentation of images by mirroring: while training each image is turned over across and down, each with
 * probability 1/2, from the stream of (seed, step, shard) as dropout is; otherwise images are left as they are.
 */
export const randomFlip = defineLayer({
  options: { mode: optional<'horizontal' | 'vertical' | 'horizontalAndVertical'>('horizontalAndVertical') },
  call(tf, x, { options: { mode }, training }) {
    const images = x as Tensor4D;
    if (!training) return images;
    const n = images.shape[0];
    // Of images [n, height, width, channels]; two draws for each, used or not.
    const isTurned = tf.greaterEqual(tf.randomUniform([2, n, 1, 1, 1]), 0.5).toFloat();
    const [down, across] = tf.unstack(isTurned) as [Tensor4D, Tensor4D];
    const turned = (x: Tensor4D, axis: number, which: Tensor4D): Tensor4D =>
      tf.add(tf.mul(x, tf.sub(1, which)), tf.mul(tf.reverse(x, axis), which));
    const upright = mode === 'horizontal' ? images : turned(images, 1, down);
    return mode === 'vertical' ? upright : turned(upright, 2, across);
  },
});
