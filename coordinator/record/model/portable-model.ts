/**
 * A model as others use it: on the user's own values, in the user's own unit. Records hold scaled values; so the model
 * gets a layer in front that scales as the data were, and one behind that scales predictions of a regression back.
 * Both are a frozen BatchNormalization, which every TF.js and Keras knows.
 */

import { AS_IT_IS, type RecordFormat, type Scaling } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { INPUT_LAYER, OUTPUT_LAYER } from '../../../shared/models/portable-names.js';
import { layoutOf, type WeightSpec } from '../../../shared/numerics/layout.js';
import { type ModelMetadata, metadataOf } from './metadata.js';

export interface PortableModel {
  topology: Record<string, unknown>;
  weights: readonly Pick<WeightSpec, 'name' | 'shape'>[];
  /** The values of all weights, in their order. */
  values: Float32Array;
  /** For `userDefinedMetadata`; absent where nothing is known of the data. */
  metadata?: ModelMetadata;
}

type Json = Record<string, unknown>;

/** v becomes (v - shift) * factor + offset, in float32. */
interface Affine {
  name: string;
  shift: Float32Array;
  factor: Float32Array;
  offset: Float32Array;
}

/** The model as it was trained, without the scaling of its data. */
export function asTrained(
  description: ModelDescription,
  values: Float32Array,
  records?: RecordFormat,
): PortableModel {
  const { topology, weights } = description;
  return {
    ...{ topology, weights: layoutOf(weights).slots, values },
    ...(records && {
      metadata: metadataOf(description, records, scalingsOf(records, description), 'caller'),
    }),
  };
}

/** @param values the flat vector, in model order */
export function portableModel(
  description: ModelDescription,
  values: Float32Array,
  records: RecordFormat,
): PortableModel {
  const scalings = scalingsOf(records, description);
  const metadata = metadataOf(description, records, scalings, 'model');
  const model = { ...asTrained(description, values), metadata };
  const topology = structuredClone(description.topology);
  const input = scalings && inputOf(scalings);
  const output = outputOf(records, description.outputShape.at(-1)!);
  if (input) putInFront(topology, layerOf(input), description.inputShape);
  if (output) putBehind(topology, layerOf(output));
  const added = [input, output].filter((affine) => affine !== undefined);
  return {
    ...model,
    topology,
    weights: [
      ...model.weights,
      ...added.flatMap(weightsOf).map(({ name, of }) => ({ name, shape: [of.length] })),
    ],
    values: joined([values, ...added.flatMap(weightsOf).map(({ of }) => of)]),
  };
}

/** What records' values were made from the user's by, for each of the last axis; undefined: nothing was done. */
function scalingsOf(
  { columns, normalisation }: RecordFormat,
  { inputShape }: ModelDescription,
): Scaling[] | undefined {
  const { scale, mean, std } = normalisation;
  // First by columns, in the source, and then by the engine: one of the two does nothing.
  const scalings = Array.from({ length: inputShape.at(-1)! }, (_, i): Scaling => {
    const own = columns?.features[i] ?? AS_IT_IS;
    const [m, s] = [mean[mean.length > 1 ? i : 0]!, std[std.length > 1 ? i : 0]!];
    return { mean: own.mean + (m / scale) * own.std, std: (own.std * s) / scale };
  });
  return scalings.every(({ mean, std }) => mean === 0 && std === 1) ? undefined : scalings;
}

function inputOf(scalings: readonly Scaling[]): Affine {
  const factors = scalings.map(({ std }) => 1 / std);
  return {
    name: INPUT_LAYER,
    shift: Float32Array.from(scalings, ({ mean }) => mean),
    factor: Float32Array.from(factors),
    // What float32 has lost of the mean: much, beside a small deviation.
    offset: Float32Array.from(scalings, ({ mean }, i) => (Math.fround(mean) - mean) * factors[i]!),
  };
}

function outputOf({ label }: RecordFormat, width: number): Affine | undefined {
  const { mean, std } = (label.kind === 'value' && label.scaling) || AS_IT_IS;
  if (mean === 0 && std === 1) return undefined;
  // All numbers of a target have one scale.
  const [shift, factor, offset] = [0, std, mean].map((value) => new Float32Array(width).fill(value));
  return { name: OUTPUT_LAYER, shift: shift!, factor: factor!, offset: offset! };
}

const weightsOf = ({ name, shift, factor, offset }: Affine) => [
  { name: `${name}/gamma`, of: factor },
  { name: `${name}/beta`, of: offset },
  { name: `${name}/moving_mean`, of: shift },
  { name: `${name}/moving_variance`, of: new Float32Array(shift.length).fill(1) },
];

const layerOf = ({ name }: Affine): Json & { config: Json } => ({
  class_name: 'BatchNormalization',
  config: {
    ...{
      name,
      trainable: false,
      dtype: 'float32',
      axis: -1,
      momentum: 0.99,
      epsilon: 0,
      center: true,
      scale: true,
    },
    ...{ gamma_initializer: ONES, beta_initializer: ZEROS },
    ...{ moving_mean_initializer: ZEROS, moving_variance_initializer: ONES },
  },
});

const ONES = { class_name: 'Ones', config: {} };
const ZEROS = { class_name: 'Zeros', config: {} };

function putInFront(topology: Json, layer: Json & { config: Json }, inputShape: readonly number[]): void {
  const { layers, graph } = layersOf(topology);
  if (!graph) {
    const first = layers[0]!;
    if (first.class_name === 'InputLayer') {
      layers.splice(1, 0, layer);
      return;
    }
    layer.config.batch_input_shape = [null, ...inputShape];
    layers.unshift(layer);
    if (!Array.isArray(first.config)) delete (first.config as Json).batch_input_shape;
    return;
  }
  const [input] = namesIn(graph.input_layers);
  const { name } = layer.config;
  for (const other of layers)
    other.inbound_nodes = renamed(other.inbound_nodes, (from) => (from === input ? `${name}` : from));
  graph.output_layers = renamed(graph.output_layers, (from) => (from === input ? `${name}` : from));
  layers.push({ ...layer, name, inbound_nodes: [[[input, 0, 0, {}]]] });
}

function putBehind(topology: Json, layer: Json & { config: Json }): void {
  const { layers, graph } = layersOf(topology);
  if (!graph) {
    layers.push(layer);
    return;
  }
  const { name } = layer.config;
  const [reference] = referencesIn(graph.output_layers);
  layers.push({ ...layer, name, inbound_nodes: [[[...reference!.slice(0, 3), {}]]] });
  graph.output_layers = [[name, 0, 0]];
}

/** `graph` is absent where the layers are a sequence. */
function layersOf({ class_name, config }: Json): { layers: Json[]; graph?: Json } {
  if (Array.isArray(config)) return { layers: config };
  const inner = config as Json;
  const layers = inner.layers as Json[];
  return class_name === 'Sequential' ? { layers } : { layers, graph: inner };
}

type Reference = [string, ...unknown[]];
const isReference = (json: unknown[]): json is Reference => typeof json[0] === 'string';

/** References such as `["dense", 0, 0]`, at any depth. */
function referencesIn(json: unknown): Reference[] {
  if (!Array.isArray(json)) return [];
  return isReference(json) ? [json] : json.flatMap(referencesIn);
}

const namesIn = (json: unknown): string[] => referencesIn(json).map(([name]) => name);

function renamed(json: unknown, change: (name: string) => string): unknown {
  if (!Array.isArray(json)) return json;
  if (isReference(json)) return [change(json[0]), ...json.slice(1)];
  return json.map((inner) => renamed(inner, change));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
