/**
 * Where Keras 3 keeps the variables of each layer (`layers/conv2d_1/vars/0`), and what they are. The file calls a layer
 * by its class, counted among its siblings, and numbers its variables in the order in which the layer makes them; names
 * stand in the configuration. `keras/src/saving/saving_lib.py`: `_walk_saveable`, `_save_container_state`.
 */
import { snakeCase } from '../../../../../shared/models/snake-case.js';

export interface VariableGroup {
  /** The group of HDF5 that holds the layer's variables as `0`, `1` and so on. */
  path: string;
  /** Names of layers on the way to it, without that of the outermost model. */
  names: string[];
  /** What each variable is, in the file's order. */
  kinds: string[];
}

type Config = Record<string, unknown>;
interface Entry {
  class_name: string;
  config: Config;
}

const isEntry = (value: unknown): value is Entry => {
  const { class_name, config } = (value ?? {}) as Partial<Entry>;
  return typeof class_name === 'string' && typeof config === 'object' && config !== null;
};

type Kinds = (config: Config) => string[];
const ifSet = (config: Config, option: string, kind: string): string[] =>
  config[option] === false ? [] : [kind];
const withBias =
  (...kinds: string[]): Kinds =>
  (config) => [...kinds, ...ifSet(config, 'use_bias', 'bias')];
const affine: Kinds = (config) => [...ifSet(config, 'scale', 'gamma'), ...ifSet(config, 'center', 'beta')];
const recurrent = withBias('kernel', 'recurrent_kernel');

/** By Keras' class. One that is missing has no variables here, or is no layer here. */
const KINDS: Readonly<Record<string, Kinds>> = {
  ...Object.fromEntries(
    ['Dense', 'Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose'].map((name) => [name, withBias('kernel')]),
  ),
  DepthwiseConv2D: withBias('depthwise_kernel'),
  SeparableConv2D: withBias('depthwise_kernel', 'pointwise_kernel'),
  Embedding: () => ['embeddings'],
  BatchNormalization: (config) => [...affine(config), 'moving_mean', 'moving_variance'],
  LayerNormalization: affine,
  GroupNormalization: affine,
  // Given ones are options and no variables.
  Normalization: ({ mean }) => (mean == null ? ['mean', 'variance', 'count'] : []),
  PReLU: () => ['alpha'],
  SimpleRNNCell: recurrent,
  GRUCell: recurrent,
  LSTMCell: recurrent,
  ConvLSTM2DCell: recurrent,
};

/** TF.js forgets what a stack of cells is called. */
export const STACK = 'stacked_rnn_cells';

/** Layers that are a cell and a loop around it. */
const WITH_CELL = ['SimpleRNN', 'GRU', 'LSTM', 'ConvLSTM2D'];

/** @param model a configuration as Keras wrote it. @param root how the file calls the list of a model's layers */
export function variableGroups(model: unknown, root: string): VariableGroup[] {
  return isEntry(model) ? ofLayers(model, '', [], root) : [];
}

function ofLayers({ config }: Entry, path: string, names: string[], root: string): VariableGroup[] {
  const layers = (Array.isArray(config) ? config : config.layers) as unknown;
  const counts = new Map<string, number>();
  return (Array.isArray(layers) ? layers : []).filter(isEntry).flatMap((layer) => {
    const own = counted(counts, layer.class_name);
    return ofLayer(layer, `${path}${root}/${own}`, [...names, nameOf(layer)], root);
  });
}

/** `dense`, `dense_1`, `dense_2`. */
function counted(counts: Map<string, number>, className: string): string {
  const base = snakeCase(className);
  const count = counts.get(base) ?? 0;
  counts.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}

function ofLayer(layer: Entry, path: string, names: string[], root: string): VariableGroup[] {
  const { class_name, config } = layer;
  const within = (inner: unknown, attribute: string, ...more: string[]) =>
    isEntry(inner) ? ofLayer(inner, `${path}/${attribute}`, [...names, ...more], root) : [];
  if (Array.isArray(config) || Array.isArray(config.layers)) return ofLayers(layer, `${path}/`, names, root);
  if (class_name === 'Bidirectional') {
    return ['forward', 'backward'].flatMap((way) => {
      const { layer: forward, backward_layer = forward } = config;
      const half = way === 'forward' ? forward : backward_layer;
      const name = isEntry(half) ? nameOf(half) : '';
      const prefix = `${way}_`;
      return within(half, `${way}_layer`, name.startsWith(prefix) ? name : `${prefix}${name}`);
    });
  }
  if (isEntry(config.layer)) return within(config.layer, 'layer', nameOf(config.layer));
  if (isEntry(config.cell)) {
    const isStack = config.cell.class_name === 'StackedRNNCells';
    return within(config.cell, 'cell', isStack ? STACK : nameOf(config.cell));
  }
  if (Array.isArray(config.cells)) {
    const counts = new Map<string, number>();
    return config.cells.filter(isEntry).flatMap((cell, i) => {
      // By its place: cells may share a name.
      return within(cell, `cells/${counted(counts, cell.class_name)}`, `RNNCell_${i}`);
    });
  }
  if (WITH_CELL.includes(class_name))
    return within({ class_name: `${class_name}Cell`, config }, 'cell', 'cell');
  const kinds = KINDS[class_name]?.(config) ?? [];
  return kinds.length > 0 ? [{ path: `${path}/vars`, names, kinds }] : [];
}

const nameOf = ({ config }: Entry): string => String(config.name);
