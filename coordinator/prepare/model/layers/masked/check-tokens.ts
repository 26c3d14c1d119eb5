/**
 * Whether a model leaves padding out of all that it computes: the tokens of a text go through an Embedding that makes
 * a mask, and the mask as far as a layer that ends the sequence by it. Any other way padding would count, and a text
 * would mean something else beside a longer one. Refused by the layer's name.
 */
import { type Tokens, tokenNumbers } from '../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../shared/user-error.js';
import type { Topology } from '../topology-json.js';
import {
  givesSequence,
  innerConfig,
  type Layer,
  layerOf,
  layersOf,
  outputOf,
  RECURRENT,
} from './layer-graph.js';

/** Layers that compute step by step, so that what padding becomes touches no other step. */
const STEP_BY_STEP: ReadonlySet<string> = new Set([
  ...['Dense', 'LayerNormalization', 'Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout'],
  ...['AlphaDropout', 'Rescaling', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU'],
]);
/** Layers that make one vector of a sequence, by the steps that the mask leaves. */
const ENDS_SEQUENCE: ReadonlySet<string> = new Set(['GlobalAveragePooling1D']);

const REMEDY =
  'a recurrent layer (LSTM, GRU, SimpleRNN, Bidirectional) or GlobalAveragePooling1D leaves padding out, and anything may stand behind it';

/** @throws UserError naming the layer, and what to use */
export function checkTokens(topology: Topology, tokens: Tokens, data: string): void {
  const model = layerOf(topology);
  const layers = layersOf(model);
  /** What each layer gives: tokens, a masked sequence, or what has no steps any more. */
  const gives = new Map<string, 'tokens' | 'sequence' | 'vector'>();
  for (const layer of layers) {
    const sources = layer.sources.map((source) => gives.get(source));
    const isFirst = sources.length === 0 || sources.includes('tokens');
    if (layer.type === 'InputLayer') gives.set(layer.name, 'tokens');
    else if (isFirst) {
      checkEmbedding(layer, tokens, data);
      gives.set(layer.name, 'sequence');
    } else if (sources.includes('sequence')) gives.set(layer.name, afterSequence(layer, data));
    else gives.set(layer.name, 'vector');
  }
  const last = outputOf(model, layers);
  if (last && gives.get(last.name) !== 'vector')
    throw refusal(data, last, `gives something for each token, and a text has one label: ${REMEDY}`);
}

function checkEmbedding(layer: Layer, tokens: Tokens, data: string): void {
  const { type, config } = layer;
  const numbers = tokenNumbers(tokens);
  if (type !== 'Embedding' || config.mask_zero !== true)
    throw refusal(
      data,
      layer,
      `takes padding, 0, for a token: begin with Embedding({ inputDim: ${numbers}, maskZero: true }), or give --model classifier`,
    );
  const below = Number(config.input_dim);
  if (below < numbers)
    throw refusal(
      data,
      layer,
      `has ${below} rows, and there are ${numbers} tokens (two stand for padding and for what is unknown): set inputDim to ${numbers}, or give --data option vocabulary=${below - 2}`,
    );
  const length = config.input_length ?? (config.batch_input_shape as unknown[] | undefined)?.[1];
  if (typeof length === 'number') throw refusal(data, layer, FREE_LENGTH);
}

const FREE_LENGTH =
  'takes texts of one length, and these are cut to several: leave it open (shape [null], no inputLength)';

function afterSequence(layer: Layer, data: string): 'sequence' | 'vector' {
  const { type } = layer;
  if (STEP_BY_STEP.has(type)) {
    const { axis } = layer.config;
    const [along] = Array.isArray(axis) ? axis : [axis ?? -1];
    if (type === 'LayerNormalization' && along !== -1 && along !== 2)
      throw refusal(data, layer, `normalizes along axis ${along}, where padding is: set axis to -1`);
    return 'sequence';
  }
  if (ENDS_SEQUENCE.has(type)) return 'vector';
  if (!RECURRENT.has(type)) throw refusal(data, layer, `would compute with padding: ${REMEDY}`);
  const { return_state, go_backwards } = innerConfig(layer);
  if (return_state === true)
    throw refusal(data, layer, 'gives its states besides, which have no steps: set returnState to false');
  if (!givesSequence(layer)) return 'vector';
  if (go_backwards === true && type !== 'Bidirectional')
    throw refusal(
      data,
      layer,
      'gives its steps in reverse, and their mask does not: set goBackwards to false, or use Bidirectional',
    );
  return 'sequence';
}

/** The model's input. @throws UserError where it has one length */
export function checkFreeLength(shape: readonly (number | null)[], data: string): void {
  if (shape.length === 1 && shape[0] === null) return;
  throw new UserError(
    `${data} has texts of several lengths, and the model takes inputs of shape [${shape.map((size) => size ?? 'null')}]: leave the length open (shape [null]), or give --model classifier`,
    2,
  );
}

const refusal = (data: string, { name, type }: Layer, why: string): UserError =>
  new UserError(`${data} has texts of several lengths: the model's "${name}" (${type}) ${why}`, 2);
