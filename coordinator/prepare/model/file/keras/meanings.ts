/**
 * What a file of Keras means otherwise than TF.js would take it, though layers and options have the same names: how
 * pictures are scaled, and where masks go. Refused by name; `fixtures/make-models.py` has what was found to be the same.
 */
import { UserError } from '../../../../../shared/user-error.js';
import {
  givesSequence,
  type Layer,
  layerOf,
  layersOf,
  outputOf,
  RECURRENT,
} from '../../layers/masked/layer-graph.js';
import type { Topology } from '../../layers/topology-json.js';

/** Layers that hand a mask on, in both alike. */
const PASSES_MASK: ReadonlySet<string> = new Set([
  ...['InputLayer', 'Dense', 'TimeDistributed', 'LayerNormalization', 'GroupNormalization', 'Normalization'],
  ...['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'Rescaling'],
  ...['Activation', 'ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'Masking', 'Embedding'],
]);
/** Layers that end a mask, in both alike; recurrent ones where they give their last state alone. */
const ENDS_MASK: ReadonlySet<string> = new Set(['Flatten', 'Permute', 'GlobalMaxPooling1D']);
/** Layers that heed a mask and end it, in both alike. */
const HEEDS_MASK: ReadonlySet<string> = new Set(['GlobalAveragePooling1D']);

/** @param topology a file of Keras in TF.js's form. @throws UserError naming the layer */
export function refuseOtherMeanings(topology: Topology, what: string): void {
  refuseIn(layerOf(topology), what);
}

function refuseIn(model: Layer, what: string): void {
  const layers = layersOf(model);
  const masked = new Set<string>();
  // Each layer stands behind those that feed it.
  for (const layer of layers) {
    const { type, name, config, sources } = layer;
    if (Array.isArray(config.layers)) refuseIn(layer, what);
    refuseScaling(layer, what);
    const isMasked = sources.some((source) => masked.has(source));
    if (isMasked && (ENDS_MASK.has(type) || HEEDS_MASK.has(type))) continue;
    if (isMasked && !PASSES_MASK.has(type) && !RECURRENT.has(type))
      throw refusal(
        what,
        layer,
        'has a mask, which Keras honors there in its own way',
        'end the mask before it',
      );
    const makes = type === 'Masking' || (type === 'Embedding' && config.mask_zero === true);
    if (makes || (isMasked && (!RECURRENT.has(type) || givesSequence(layer)))) masked.add(name);
  }
  const last = outputOf(model, layers);
  if (last && masked.has(last.name))
    throw refusal(
      what,
      last,
      'gives an output with a mask, by which Keras leaves steps out of the loss, and here all count',
      'end the mask before it',
    );
}

function refuseScaling(layer: Layer, what: string): void {
  const { type, config } = layer;
  const bends =
    type === 'UpSampling2D' && ![undefined, null, 'nearest'].includes(config.interpolation as null);
  if (!bends && type !== 'Resizing') return;
  throw refusal(
    what,
    layer,
    'lays the corners of the two pictures on each other in TF.js, and Keras the centers of their pixels',
    bends ? 'give interpolation="nearest"' : 'leave it out, and resize the data',
  );
}

const refusal = (what: string, { name, type }: Layer, why: string, remedy: string): UserError =>
  new UserError(`${what}: the model's "${name}" (${type}) ${why}: change the model (${remedy})`, 2);
