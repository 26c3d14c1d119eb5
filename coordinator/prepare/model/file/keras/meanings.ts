/**
 * What a file of Keras means otherwise than TF.js would take it, though layers and options have the same names: how
 * pictures are scaled, and where masks go. Refused by name; `fixtures/make-models.py` has what was found to be the same.
 */
import { UserError } from '../../../../../shared/user-error.js';
import type { Topology } from '../../layers/topology-json.js';

type Config = Record<string, unknown>;
interface Layer {
  type: string;
  name: string;
  config: Config;
  /** Of the layers that feed it. */
  sources: string[];
}

/** Layers that hand a mask on, in both alike. */
const PASSES_MASK: ReadonlySet<string> = new Set([
  ...['InputLayer', 'Dense', 'TimeDistributed', 'LayerNormalization', 'GroupNormalization', 'Normalization'],
  ...['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'Rescaling'],
  ...['Activation', 'ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'Masking', 'Embedding'],
]);
/** Layers that end a mask, in both alike; recurrent ones where they give their last state alone. */
const ENDS_MASK: ReadonlySet<string> = new Set(['Flatten', 'Permute', 'GlobalMaxPooling1D']);
const RECURRENT: ReadonlySet<string> = new Set([
  ...['LSTM', 'GRU', 'ResetAfterGRU', 'SimpleRNN', 'RNN', 'Bidirectional'],
]);

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
    if (isMasked && ENDS_MASK.has(type)) continue;
    const givesSequence = sequences(layer);
    if (isMasked && !PASSES_MASK.has(type) && !RECURRENT.has(type))
      throw refusal(
        what,
        layer,
        'has a mask, which Keras honors there in its own way',
        'end the mask before it',
      );
    const makes = type === 'Masking' || (type === 'Embedding' && config.mask_zero === true);
    if (makes || (isMasked && (!RECURRENT.has(type) || givesSequence))) masked.add(name);
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

function sequences({ config }: Layer): boolean {
  const inner = (config.layer as { config?: Config } | undefined)?.config ?? config;
  return inner.return_sequences === true;
}

function outputOf({ type, config }: Layer, layers: Layer[]): Layer | undefined {
  if (type === 'Sequential') return layers.at(-1);
  const [name] = namesIn(config.output_layers);
  return layers.find((layer) => layer.name === name);
}

function layersOf({ type, config }: Layer): Layer[] {
  const entries = (Array.isArray(config) ? config : config.layers) as unknown[];
  const layers = (Array.isArray(entries) ? entries : []).map(layerOf);
  if (type !== 'Sequential') return layers;
  return layers.map((layer, i) => ({
    ...layer,
    sources: layers.slice(Math.max(0, i - 1), i).map(({ name }) => name),
  }));
}

function layerOf(json: unknown): Layer {
  const { class_name, name, config, inbound_nodes } = (json ?? {}) as Config;
  const own = (config ?? {}) as Config;
  return {
    type: String(class_name),
    name: String(name ?? own.name),
    config: own,
    sources: namesIn(inbound_nodes),
  };
}

/** The layers' names in lists of [layer, call, output, ...], however deep. */
function namesIn(places: unknown): string[] {
  if (!Array.isArray(places)) return [];
  return typeof places[0] === 'string' ? [places[0]] : places.flatMap(namesIn);
}

const refusal = (what: string, { name, type }: Layer, why: string, remedy: string): UserError =>
  new UserError(`${what}: the model's "${name}" (${type}) ${why}: change the model (${remedy})`, 2);
