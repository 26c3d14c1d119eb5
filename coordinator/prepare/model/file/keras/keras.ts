/**
 * Models as Keras 2 and 3 write them, in the form of TF.js's own files: names of classes and options that differ,
 * layers that stand here under a name of ours since TF.js's layer of that name computes something else. What has no
 * counterpart is left as it is, and refused by its name when the model is checked (../../layers/check.ts).
 */
import { UserError } from '../../../../../shared/user-error.js';
import type { Topology } from '../../layers/topology-json.js';
import { callsCounted, kerasNodes, kerasTensors } from './keras-nodes.js';
import { type KerasVersion, kerasActivation, kerasInitializer, kerasRegularizer } from './keras-parts.js';

type Config = Record<string, unknown>;
interface Entry {
  class_name: string;
  config: Config;
  name?: string;
  inbound_nodes?: unknown[];
}

/** A copy in TF.js's form. @throws UserError naming a layer that is called in a way that cannot be kept */
export function fromKeras(topology: Topology, version: KerasVersion): Topology {
  const adopted = translated(topology, version) as unknown as Topology;
  return MAKES_MASKS.test(JSON.stringify(topology))
    ? adopted
    : withoutOption(adopted, 'zero_output_for_mask');
}

const MAKES_MASKS = /"mask_zero":\s*true|"class_name":\s*"Masking"/;

/** Keras 3 sets it in both halves of a Bidirectional, where it counts for nothing unless a layer makes a mask. */
function withoutOption<T>(value: T, option: string): T {
  if (Array.isArray(value)) return value.map((one) => withoutOption(one, option)) as T;
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => name !== option);
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutOption(one, option)])) as T;
}

/** Newer files have policies for dtypes, and nodes with arguments by their names. */
export function kerasVersionOf(json: unknown): KerasVersion {
  const text = JSON.stringify(json);
  return /"keras_version":\s*"3|"__keras_tensor__"|"DTypePolicy"|"batch_shape"/.test(text) ? 3 : 2;
}

/** What Keras writes beside class and options: where its Python is, and how the model was built and compiled. */
const BESIDE = ['module', 'registered_name', 'build_config', 'compile_config', 'shared_object_id'];

const isObject = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEntry = (value: unknown): value is Entry =>
  isObject(value) &&
  typeof value.class_name === 'string' &&
  typeof value.config === 'object' &&
  value.config !== null;

function translated(value: unknown, version: KerasVersion): unknown {
  if (!isEntry(value)) return value;
  const { class_name, config, ...rest } = value;
  const beside = Object.fromEntries(Object.entries(rest).filter(([name]) => !BESIDE.includes(name)));
  const entry = { class_name, config, ...beside } as Entry;
  if (Array.isArray(config)) {
    return { ...entry, config: config.map((layer) => translated(layer, version)) };
  }
  if (Array.isArray(config.layers)) return container(entry, version);
  const layer = { ...entry, config: partsOf(config, version) };
  return LAYERS[class_name]?.(layer, version) ?? layer;
}

/** A model: its layers, and how they are joined. */
function container(entry: Entry, version: KerasVersion): Entry {
  const { dtype, build_input_shape, ...config } = entry.config;
  const layers = (config.layers as unknown[]).map((layer) => {
    const own = translated(layer, version);
    if (!isEntry(own) || !own.inbound_nodes) return own;
    return {
      ...own,
      inbound_nodes: kerasNodes(own.inbound_nodes, `"${own.name ?? own.config.name}"`, version),
    };
  });
  if (entry.class_name === 'Sequential') giveInput(layers, build_input_shape);
  for (const name of ['input_layers', 'output_layers'])
    if (name in config) config[name] = kerasTensors(config[name]);
  const models = layers.filter(isEntry).filter(({ config }) => Array.isArray(config.layers));
  const names = models.map((model) => String(model.name ?? model.config.name));
  const joined = version === 3 ? callsCounted(layers, config.output_layers, names) : { layers };
  return { ...entry, config: { ...config, ...(dtype ? { dtype: dtypeName(dtype) } : {}), ...joined } };
}

/** A model that was built by its first call has its input's shape beside its layers. */
function giveInput(layers: unknown[], shape: unknown): void {
  const [first] = layers;
  if (!isEntry(first) || !Array.isArray(shape) || Array.isArray(first.config.layers)) return;
  first.config.batch_input_shape ??= shape;
}

/** The options of a layer, each in TF.js's form. */
function partsOf(config: Config, version: KerasVersion): Config {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (name === 'dtype') return [name, dtypeName(value)];
      if (name === 'batch_shape') return ['batch_input_shape', value];
      if (name.endsWith('activation')) return [name, kerasActivation(value, version)];
      if (name.endsWith('initializer')) return [name, kerasInitializer(value)];
      if (name.endsWith('regularizer')) return [name, kerasRegularizer(value)];
      const inner = Array.isArray(value) ? value.map((cell) => translated(cell, version)) : undefined;
      return [name, inner ?? translated(value, version)];
    }),
  );
}

const dtypeName = (value: unknown): unknown =>
  isEntry(value) && /DTypePolicy|Policy/.test(value.class_name) ? value.config.name : value;

type Translate = (layer: Entry, version: KerasVersion) => Entry;

const named = (layer: Entry, class_name: string, options: Config = {}): Entry => ({
  ...layer,
  class_name,
  config: { ...layer.config, ...options },
});

/** Removes options that only Keras has, if they have the one value that changes nothing. */
function without(layer: Entry, ...names: string[]): Entry {
  const config = Object.fromEntries(Object.entries(layer.config).filter(([name]) => !names.includes(name)));
  return { ...layer, config };
}

/** Translations by Keras' class; other classes have the same options in both. */
const LAYERS: Readonly<Record<string, Translate>> = {
  Conv1D: (layer) =>
    layer.config.padding === 'causal' ? named(layer, 'CausalConv1D', { padding: 'valid' }) : layer,
  // Keras writes it there too, and takes the kernels' own.
  SeparableConv2D: (layer) => without(layer, 'kernel_initializer'),
  GRU: (layer) => resetAfter(layer),
  GRUCell: (layer) => resetAfter(layer),
  ReLU: (layer) => {
    const { negative_slope, max_value, threshold } = layer.config;
    if (!negative_slope || max_value != null || threshold) return layer;
    const plain = without(layer, 'negative_slope', 'max_value', 'threshold');
    return named(plain, 'LeakyReLU', { alpha: negative_slope });
  },
  LeakyReLU: (layer) => {
    const { negative_slope } = layer.config;
    return negative_slope === undefined
      ? layer
      : named(without(layer, 'negative_slope'), 'LeakyReLU', { alpha: negative_slope });
  },
  BatchNormalization: (layer) => {
    const { axis, renorm } = layer.config;
    const plain = renorm ? layer : without(layer, 'renorm', 'renorm_momentum', 'renorm_clipping');
    return Array.isArray(axis) && axis.length === 1
      ? named(plain, layer.class_name, { axis: axis[0] })
      : plain;
  },
  Bidirectional: (layer) => oneLayerTwice(layer),
};

const resetAfter = (layer: Entry): Entry =>
  layer.config.reset_after === true ? named(layer, `ResetAfter${layer.class_name}`) : layer;

/** Keras 3 writes both halves, with their prefixes: one is enough where they are the same. */
function oneLayerTwice(both: Entry): Entry {
  const { layer, backward_layer } = both.config;
  if (!isEntry(layer)) return both;
  const plain = (half: Entry, prefix: string): Entry => {
    const name = String(half.config.name);
    return {
      ...half,
      config: { ...half.config, name: name.startsWith(prefix) ? name.slice(prefix.length) : name },
    };
  };
  const forward = plain(layer, 'forward_');
  const config: Config = { ...both.config, layer: forward };
  if (!isEntry(backward_layer)) return { ...both, config };
  const backward = plain(backward_layer, 'backward_');
  const same = (half: Entry, turned: boolean) =>
    JSON.stringify({
      ...half,
      config: { ...half.config, go_backwards: half.config.go_backwards !== turned },
    });
  if (same(forward, false) !== same(backward, true)) {
    throw new UserError(
      `the model's "${both.config.name}" (Bidirectional) has a backward_layer of its own: change the model (leave it out)`,
      2,
    );
  }
  const { backward_layer: _, ...kept } = config;
  return { ...both, config: kept };
}
