/**
 * A model as others use it: on the user's own values, in the user's own unit. Records hold scaled values; so the model
 * gets a layer in front that scales as the data were, and one behind that scales predictions of a regression back.
 * Both are a frozen BatchNormalization, which every TF.js and Keras knows.
 */

import {
  AS_IT_IS,
  type Columns,
  type InputPart,
  type Normalization,
  type RecordFormat,
  type Scaling,
} from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import {
  INPUT_LAYER,
  inputLayerOf,
  OUTPUT_LAYER,
  outputLayerOf,
  outputNameOf,
} from '../../../shared/models/portable-names.js';
import { layoutOf, type WeightSpec } from '../../../shared/numerics/layout.js';
import { type ModelMetadata, metadataOf, partsTold } from './metadata.js';

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
    ...(records && { metadata: told(description, records, 'caller') }),
  };
}

/** @param values the flat vector, in model order */
export function portableModel(
  description: ModelDescription,
  values: Float32Array,
  records: RecordFormat,
): PortableModel {
  const model = { ...asTrained(description, values), metadata: told(description, records, 'model') };
  const topology = structuredClone(description.topology);
  const inputs = inputsScaled(description, records);
  const outputs = outputsScaled(description, records);
  for (const { affine, shape, at } of inputs) putInFront(topology, layerOf(affine), shape, at);
  for (const { affine, at } of outputs) putBehind(topology, layerOf(affine), at);
  const added = [...inputs, ...outputs].map(({ affine }) => affine);
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

/** Who scales: `by`, or nobody where nothing is scaled. */
function told(description: ModelDescription, records: RecordFormat, by: 'model' | 'caller'): ModelMetadata {
  const { named } = records;
  if (!named) return metadataOf(description, records, scalingsOf(records, description), by);
  const scalings = named.inputs.map(scalingsOfPart);
  const first = { ...description, inputShape: named.inputs[0]!.shape };
  const isScaled = inputsScaled(description, records).length + outputsScaled(description, records).length > 0;
  return {
    ...metadataOf(first, records, scalings[0], by),
    scaledBy: isScaled ? by : 'nobody',
    ...partsTold(description, { ...records, named }, scalings),
  };
}

/** A layer that scales, of an input or an output by its name; undefined: of the only one. */
interface Scaled {
  affine: Affine;
  shape: readonly number[];
  at: string | undefined;
}

function inputsScaled(description: ModelDescription, records: RecordFormat): Scaled[] {
  const { named } = records;
  const parts =
    named && named.inputs.length > 1
      ? named.inputs.map((part) => ({ ...part, scalings: scalingsOfPart(part), at: part.name }))
      : [{ scalings: scalingsOf(records, description), shape: description.inputShape, at: undefined }];
  return parts.flatMap(({ scalings, shape, at }) => {
    if (!scalings) return [];
    const affine = inputOf(scalings);
    return [{ affine: at === undefined ? affine : { ...affine, name: inputLayerOf(at) }, shape, at }];
  });
}

function outputsScaled({ outputShape }: ModelDescription, { label, named }: RecordFormat): Scaled[] {
  const parts =
    named && named.outputs.length > 1
      ? named.outputs.map((part) => ({ ...part, at: part.name }))
      : [{ label, shape: outputShape, at: undefined }];
  return parts.flatMap(({ label, shape, at }) => {
    const affine = outputOf({ label }, shape.at(-1) ?? 1);
    if (!affine) return [];
    return [{ affine: at === undefined ? affine : { ...affine, name: outputLayerOf(at) }, shape, at }];
  });
}

/** What records' values were made from the user's by, for each of the last axis; undefined: nothing was done. */
function scalingsOf(
  { columns, normalisation }: { columns?: Pick<Columns, 'features'>; normalisation: Normalization },
  { inputShape }: Pick<ModelDescription, 'inputShape'>,
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

/** The same of one of several inputs. */
function scalingsOfPart({ shape, normalisation, scalings = [] }: InputPart): Scaling[] | undefined {
  const columns = scalings.map((scaling) => ({ ...scaling, name: '' }));
  const records = { normalisation, ...(scalings.length > 0 && { columns: { features: columns } }) };
  return scalingsOf(records, { inputShape: shape });
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

function outputOf({ label }: Pick<RecordFormat, 'label'>, width: number): Affine | undefined {
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

/** @param of which input; undefined: the only one */
function putInFront(
  topology: Json,
  layer: Json & { config: Json },
  inputShape: readonly number[],
  of: string | undefined,
): void {
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
  const input = of ?? namesIn(graph.input_layers)[0];
  const { name } = layer.config;
  for (const other of layers)
    other.inbound_nodes = renamed(other.inbound_nodes, (from) => (from === input ? `${name}` : from));
  graph.output_layers = renamed(graph.output_layers, (from) => (from === input ? `${name}` : from));
  layers.push({ ...layer, name, inbound_nodes: [[[input, 0, 0, {}]]] });
}

/** @param of which output; undefined: the only one */
function putBehind(topology: Json, layer: Json & { config: Json }, of: string | undefined): void {
  const { layers, graph } = layersOf(topology);
  if (!graph) {
    layers.push(layer);
    return;
  }
  const { name } = layer.config;
  const references = referencesIn(graph.output_layers);
  const reference = references.find(([last]) => of === undefined || outputNameOf(last) === of)!;
  layers.push({ ...layer, name, inbound_nodes: [[[...reference.slice(0, 3), {}]]] });
  graph.output_layers = references.map((one) => (one === reference ? [name, 0, 0] : one));
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
