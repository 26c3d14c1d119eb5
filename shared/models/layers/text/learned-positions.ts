import { defineLayer, required } from '../define-layer.js';
import type { InitializerConfig } from '../layer.js';

/** Adds a learned vector to each position: [n, t, width] to the same, where t is fixed when it is built. */
export const learnedPositions = defineLayer({
  options: { positionsInitializer: required<InitializerConfig>() },
  weights: ({ positionsInitializer }, shape) => ({
    positions: { shape: shape.slice(1), initial: positionsInitializer },
  }),
  call: (tf, x, { weights: { positions } }) => tf.add(x, positions),
});
