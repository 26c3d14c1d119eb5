/** The models of the bench with sockets, by what they exchange. Nobody computes them. */
import type { ModelFunction } from '../../coordinator/prepare/model/build-model.js';

/** Parameters, next to none: what is left of the exchange is messages. */
const tiny: ModelFunction = (tf, { outputs, outputActivation }) =>
  tf.sequential({
    layers: [
      tf.layers.globalAveragePooling2d({ inputShape: [28, 28, 1] }),
      tf.layers.dense({ units: outputs, activation: outputActivation }),
    ],
  });

export const IDLE_MODELS = {
  full: { model: 'mlp:128', parameters: 28 * 28 * 128 + 128 + 128 * 10 + 10 },
  tiny: { model: tiny, parameters: 10 + 10 },
} as const;

export type IdleModel = keyof typeof IDLE_MODELS;
