/**
 * A model's two ends, read from its topology: whether its first layer takes values as they are, and whether its last
 * one reaches every number. They decide how data are scaled for it.
 */
import { ACTIVATION_LAYERS, SEEN_THROUGH } from '../../../shared/models/last-activation.js';
import { isInputLayer, isOutputLayer, outputNameOf } from '../../../shared/models/portable-names.js';
import type { DataShapes, EndNames, ModelEnds, PartOfModel } from '../data/source.js';
import { isModelFile } from './file/model-spec.js';
import { endNames } from './layers/end-names.js';
import type { Topology } from './layers/topology-json.js';
import { isModelModule } from './module/module-model.js';
import type { ModelSource } from './topology/request.js';
import type { LossSource } from './traced/own-function.js';

/** Layers that move values, and change none. */
const MOVES = new Set([
  'InputLayer',
  'Reshape',
  'Flatten',
  'Permute',
  'RepeatVector',
  'Dropout',
  'Cropping1D',
  'RandomFlip',
]);
const MODELS = new Set(['Sequential', 'Functional', 'Model']);
const WRAPPERS = new Set(['TimeDistributed', 'Bidirectional']);
/** From where to where activations reach; others have no such ends that are worth telling. */
const RANGES: Readonly<Record<string, [number, number]>> = {
  ...{ sigmoid: [0, 1], hardsigmoid: [0, 1], hardsigmoidofsixth: [0, 1], softmax: [0, 1] },
  ...{ tanh: [-1, 1], softsign: [-1, 1], relu6: [0, 6] },
  ...{ relu: [0, Infinity], softplus: [0, Infinity], exponential: [0, Infinity], elu: [-1, Infinity] },
};

type End = NonNullable<ModelEnds['output']>;
type Range = readonly [least: number, greatest: number];

const sum = ([a, b]: Range, [c, d]: Range): Range => [a + c, b + d];
function product([a, b]: Range, [c, d]: Range): Range {
  // An activation reaches no infinity, so 0 times as much as you like is 0.
  const corners = [a, b].flatMap((one) => [c, d].map((other) => (one && other ? one * other : 0)));
  return [Math.min(...corners), Math.max(...corners)];
}
/** Layers, and modes of Bidirectional, whose results leave the range of what they are made of. */
const COMBINED: Readonly<Record<string, { does: string; of(one: Range, other: Range): Range }>> = {
  ...{ Add: { does: 'adds', of: sum }, sum: { does: 'adds', of: sum } },
  ...{ Multiply: { does: 'multiplies', of: product }, mul: { does: 'multiplies', of: product } },
};

interface Layer {
  type: string;
  name: string;
  config: Record<string, unknown>;
  /** Names of the layers that feed it, in a graph of layers. */
  sources: string[];
}

/** @returns nothing for models of the zoo, whose ends are as usual, and for what is no model */
export async function endsOf(
  model: ModelSource,
  shapes: DataShapes,
  loss: LossSource | undefined,
  part: PartOfModel = {},
): Promise<ModelEnds> {
  if (typeof model === 'object') return endsOfTopology(model.topology, part);
  if (typeof model === 'function') {
    const { topologyOfFunction } = await import('./topology/starting-point.js');
    return endsOfTopology(topologyOfFunction(model, shapes, loss), part);
  }
  // A program sees the records as they are.
  if (isModelModule(model)) return { input: { layer: model, takes: 'values as they are' } };
  if (!isModelFile(model)) return {};
  try {
    const { readTopology } = await import('./file/read.js');
    return endsOfTopology(await readTopology(model), part);
  } catch {
    // Building the model reports what is wrong with its file.
    return {};
  }
}

/** Of a model file, or of one that was built before. @returns undefined for all other sources */
export async function namesOfModel(model: ModelSource): Promise<EndNames | undefined> {
  if (typeof model === 'object') return endNames(model.topology);
  if (typeof model === 'function' || !isModelFile(model)) return undefined;
  try {
    const { readTopology } = await import('./file/read.js');
    return endNames(await readTopology(model));
  } catch {
    // Building the model reports what is wrong with its file.
    return undefined;
  }
}

/** @param part which input and output, of several */
export function endsOfTopology(topology: Topology, part: PartOfModel = {}): ModelEnds {
  const model = layerOf(topology);
  const input = inputOf(model, part.input);
  const output = outputOf(model, part.output);
  return { ...(input && input !== 'moved' ? { input } : {}), ...(output ? { output } : {}) };
}

/** `moved`: values leave the layer as they came. Undefined: it computes with them. */
function inputOf(layer: Layer, from?: string): ModelEnds['input'] | 'moved' {
  const { type, name, config } = layer;
  if (MODELS.has(type)) return firstOf(layer, from);
  if (WRAPPERS.has(type)) return inputOf(layerOf(config.layer));
  if (MOVES.has(type)) return 'moved';
  if (type === 'Embedding') return { layer: name, takes: 'indices', below: Number(config.input_dim) };
  if (type === 'TokenEmbedding') return { layer: name, takes: 'indices', below: Number(config.vocabulary) };
  if (type === 'Masking') return { layer: name, takes: 'a mask' };
  if (type === 'Normalization' || type === 'Rescaling' || type === 'DefineByRun' || isInputLayer(name))
    return { layer: name, takes: 'values as they are' };
  return undefined;
}

/** What the first layer that sees the model's input says of it; `moved` if no layer says anything. */
function firstOf(model: Layer, from?: string): ModelEnds['input'] | 'moved' {
  const layers = layersOf(model);
  if (model.type === 'Sequential') {
    for (const layer of layers) {
      const found = inputOf(layer);
      if (found !== 'moved') return found;
    }
    return 'moved';
  }
  const inputs = layers.filter(({ sources }) => sources.length === 0).map(({ name }) => name);
  const reached = new Set(from !== undefined && inputs.includes(from) ? [from] : inputs);
  // A set grows while it is walked through.
  for (const before of reached) {
    for (const layer of layers.filter(({ sources }) => sources.includes(before))) {
      const found = inputOf(layer);
      if (found === 'moved') reached.add(layer.name);
      else if (found) return found;
    }
  }
  return undefined;
}

function outputOf(model: Layer, of?: string): ModelEnds['output'] {
  const layers = layersOf(model);
  const names = namesIn(model.config.output_layers);
  const name = names.find((layer) => outputNameOf(layer) === of) ?? names[0];
  const last = model.type === 'Sequential' ? layers.at(-1) : layers.find((layer) => layer.name === name);
  return last && endOf(last, layers);
}

/** Looks through layers that keep values in their range; of several branches all must say the same. */
function endOf({ type, name, config, sources }: Layer, layers: Layer[]): ModelEnds['output'] {
  if (SEEN_THROUGH.has(type) || (type === 'Activation' && config.activation === 'linear')) {
    const ends = layers.filter((layer) => sources.includes(layer.name)).map((layer) => endOf(layer, layers));
    return ends.every((end) => end?.why === ends[0]?.why) ? ends[0] : undefined;
  }
  if (COMBINED[type]) {
    const ends = sources.map((source) => layers.find((layer) => layer.name === source));
    return combined(
      name,
      type,
      ends.map((layer) => layer && endOf(layer, layers)),
    );
  }
  if (MODELS.has(type)) return outputOf({ type, name, config, sources });
  if (isOutputLayer(name)) return { layer: name, why: "gives values in the target's unit" };
  const inner = config.layer ?? [config.cells ?? config.cell].flat().at(-1);
  if (inner) {
    const end = endOf(layerOf(inner), []);
    const mode = type === 'Bidirectional' ? String(config.merge_mode) : '';
    return COMBINED[mode] ? combined(name, mode, [end, end]) : end && { ...end, layer: name };
  }
  const activation = ACTIVATION_LAYERS[type] ?? config.activation;
  if (typeof activation !== 'string' || activation === 'linear') return undefined;
  const range = RANGES[activation.toLowerCase().replaceAll('_', '')];
  return { layer: name, why: `ends in ${activation}`, ...(range ? { range } : {}) };
}

/** Of what reaches every number, and of anything else, a sum or a product is taken to do so too. */
function combined(layer: string, how: string, ends: ModelEnds['output'][]): ModelEnds['output'] {
  const bounded = ends.filter((end): end is End => end !== undefined);
  if (bounded.length < ends.length) return undefined;
  const { does, of } = COMBINED[how]!;
  const why = `${does} what ${[...new Set(bounded.map((end) => end.why))].join(' and what ')}`;
  const ranges = bounded.flatMap(({ range }) => (range ? [range as Range] : []));
  if (ranges.length < bounded.length) return { layer, why };
  const [least, greatest] = ranges.reduce(of);
  return least === -Infinity && greatest === Infinity ? undefined : { layer, why, range: [least, greatest] };
}

function layersOf({ type, config }: Layer): Layer[] {
  const entries = Array.isArray(config) ? config : config.layers;
  const layers = Array.isArray(entries) ? entries.map(layerOf) : [];
  if (type !== 'Sequential') return layers;
  return layers.map((layer, i) => ({ ...layer, sources: layers.slice(i - 1, i).map(({ name }) => name) }));
}

function layerOf(json: unknown): Layer {
  const { class_name, className, name, config, inbound_nodes, inboundNodes } = (json ?? {}) as Record<
    string,
    unknown
  >;
  const inner = (config ?? {}) as Record<string, unknown>;
  return {
    type: String(class_name ?? className),
    name: String(name ?? inner.name),
    config: inner,
    sources: namesIn(inbound_nodes ?? inboundNodes),
  };
}

/** The layer names in references such as `["dense", 0, 0]`, at any depth. */
function namesIn(references: unknown): string[] {
  if (!Array.isArray(references)) return [];
  return typeof references[0] === 'string' ? [references[0]] : references.flatMap(namesIn);
}
