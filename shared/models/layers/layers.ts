/**
 * The layers of our own, and their registration with TF.js: wherever a model that has them is built or
 * loaded, also in a program that loads an exported one.
 */
import { causalSelfAttention } from './causal-self-attention.js';
import { gelu } from './gelu.js';
import type { Tf } from './layer.js';
import { layerNorm } from './layer-norm.js';
import { learnedPositions } from './learned-positions.js';
import { lstmSequence } from './lstm-sequence.js';
import { tokenEmbedding } from './token-embedding.js';

/** Our layers' classes, by their names in a topology. */
export interface Layers {
  TokenEmbedding: ReturnType<typeof tokenEmbedding>;
  LearnedPositions: ReturnType<typeof learnedPositions>;
  LayerNorm: ReturnType<typeof layerNorm>;
  Gelu: ReturnType<typeof gelu>;
  CausalSelfAttention: ReturnType<typeof causalSelfAttention>;
  LstmSequence: ReturnType<typeof lstmSequence>;
}

const registered = new WeakMap<Tf, Layers>();

/** The classes of our layers, known to `tf` from now on; calling it again does nothing. */
export function registerLayers(tf: Tf): Layers {
  const known = registered.get(tf);
  if (known) return known;
  const classes = makeLayers(tf);
  for (const layer of Object.values(classes)) tf.serialization.registerClass(layer as never);
  registered.set(tf, classes);
  return classes;
}

function makeLayers(tf: Tf): Layers {
  return {
    TokenEmbedding: tokenEmbedding(tf),
    LearnedPositions: learnedPositions(tf),
    LayerNorm: layerNorm(tf),
    Gelu: gelu(tf),
    CausalSelfAttention: causalSelfAttention(tf),
    LstmSequence: lstmSequence(tf),
  };
}
