/**
 * The layers and initializers of our own, and their registration with TF.js: wherever a model that has them is
 * built or loaded, also in a program that loads an exported one.
 */
import { orthogonal } from './initializers/orthogonal.js';
import { registerActivations } from './layers/corrected/activations.js';
import { mendLayers } from './layers/corrected/corrected.js';
import { correctLayers } from './layers/corrected/corrections.js';
import { normalization } from './layers/corrected/normalization.js';
import { resetAfterGru } from './layers/corrected/reset-after-gru.js';
import { subtract } from './layers/corrected/subtract.js';
import { defineByRun } from './layers/define-by-run.js';
import { groupNormalization } from './layers/group-normalization.js';
import type { Tf } from './layers/layer.js';
import { randomFlip } from './layers/random-flip.js';
import { causalConv1d } from './layers/text/causal-conv1d.js';
import { causalSelfAttention } from './layers/text/causal-self-attention.js';
import { gelu } from './layers/text/gelu.js';
import { layerNorm } from './layers/text/layer-norm.js';
import { learnedPositions } from './layers/text/learned-positions.js';
import { lstmSequence } from './layers/text/lstm-sequence.js';
import { tokenEmbedding } from './layers/text/token-embedding.js';

/** Our layers by their names in a topology: a row each. Training honors all options of these. */
export const OWN_LAYERS = {
  TokenEmbedding: tokenEmbedding,
  LearnedPositions: learnedPositions,
  LayerNorm: layerNorm,
  Gelu: gelu,
  CausalSelfAttention: causalSelfAttention,
  LstmSequence: lstmSequence,
};

/** Keras' layers that TF.js lacks, of which training honors what coordinator/prepare/model/layers/options.ts lists. */
const KERAS_LAYERS = {
  GroupNormalization: groupNormalization,
  RandomFlip: randomFlip,
};

/** Our layers' classes, by their names in a topology. */
export type Layers = ReturnType<typeof makeLayers>;

const registered = new WeakMap<Tf, Layers>();

/** The classes of our layers, known to `tf` from now on, whose own are corrected; calling it again does nothing. */
export function registerLayers(tf: Tf): Layers {
  const known = registered.get(tf);
  if (known) return known;
  correctLayers(tf);
  const classes = makeLayers(tf);
  for (const layer of Object.values(classes)) tf.serialization.registerClass(layer as never);
  tf.serialization.registerClass(orthogonal(tf) as never);
  registerActivations(tf);
  mendLayers(tf);
  registered.set(tf, classes);
  return classes;
}

function makeLayers(tf: Tf) {
  return {
    ...classesOf(tf, OWN_LAYERS),
    ...classesOf(tf, KERAS_LAYERS),
    // Of a module alone: a file cannot name one (coordinator/prepare/model/layers/check.ts).
    DefineByRun: defineByRun.create(tf, 'DefineByRun'),
    CausalConv1D: causalConv1d(tf),
    Subtract: subtract(tf),
    Normalization: normalization(tf),
    ...resetAfterGru(tf),
  };
}

function classesOf<T extends Record<string, { create(tf: Tf, className: string): unknown }>>(
  tf: Tf,
  layers: T,
): { [K in keyof T]: ReturnType<T[K]['create']> } {
  const classes = Object.entries(layers).map(([name, layer]) => [name, layer.create(tf, name)]);
  return Object.fromEntries(classes);
}
