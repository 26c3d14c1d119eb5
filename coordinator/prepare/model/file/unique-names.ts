/**
 * Layers of nested models often have the same names, and so have their weights: TF.js names a weight by its layer
 * alone. No program can load a file with two weights of one name, so each layer gets a name of its own first.
 */
import type { Topology } from '../layers/topology-json.js';

type Config = Record<string, unknown>;
interface Entry {
  class_name?: string;
  name?: string;
  config: Config | Entry[];
  inbound_nodes?: unknown;
}

export interface UniquelyNamed {
  topology: Topology;
  /** What a layer was called before, by its name now. */
  before: ReadonlyMap<string, string>;
}

/** A copy in which layers that share their name are called by their model too; the first one keeps its name. */
export function uniquelyNamed(topology: Topology): UniquelyNamed {
  const taken = new Set<string>();
  const before = new Map<string, string>();
  const renamed = withInner(topology as unknown as Entry, (name, model) => {
    let own = name;
    for (let count = 1; taken.has(own); count++) own = `${model}_${name}${count > 1 ? `_${count}` : ''}`;
    taken.add(own);
    if (own !== name) before.set(own, name);
    return own;
  });
  return { topology: renamed as unknown as Topology, before };
}

type Rename = (name: string, model: string) => string;

/** A model with its layers renamed, or a layer with the models in it. */
function withInner(entry: Entry, rename: Rename): Entry {
  const { config } = entry;
  const layers = Array.isArray(config) ? config : (config?.layers as Entry[] | undefined);
  if (Array.isArray(layers)) return model(entry, layers, rename);
  // A wrapper's weights bear its name; those of a model in it do not.
  const wrapped = (config as Config | undefined)?.layer as Entry | undefined;
  if (!wrapped?.config) return entry;
  return { ...entry, config: { ...(config as Config), layer: withInner(wrapped, rename) } };
}

function model(entry: Entry, layers: Entry[], rename: Rename): Entry {
  const { config } = entry;
  const own = Array.isArray(config) ? 'model' : String(config.name);
  const names = new Map<string, string>();
  const renamed = layers.map((layer) => {
    const inner = withInner(layer, rename);
    if (isModel(layer)) return inner;
    const { name } = (layer.config ?? {}) as Config;
    if (typeof name !== 'string') return inner;
    const now = rename(name, own);
    names.set(name, now);
    return {
      ...inner,
      ...(layer.name === undefined ? {} : { name: now }),
      config: { ...(inner.config as Config), name: now },
    };
  });
  if (Array.isArray(config)) return { ...entry, config: renamed };
  const joined = renamed.map((layer) =>
    layer.inbound_nodes ? { ...layer, inbound_nodes: places(layer.inbound_nodes, names) } : layer,
  );
  const ends = ['input_layers', 'output_layers'].filter((end) => end in config);
  return {
    ...entry,
    config: {
      ...config,
      ...Object.fromEntries(ends.map((end) => [end, places(config[end], names)])),
      layers: joined,
    },
  };
}

const isModel = ({ config }: Entry): boolean =>
  Array.isArray(config) || Array.isArray((config as Config | undefined)?.layers);

/** Lists of [layer, call, output, ...], however deep, with the layers' new names. */
function places(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (!Array.isArray(value)) return value;
  const [first, ...rest] = value;
  if (typeof first === 'string' && typeof rest[0] === 'number') return [names.get(first) ?? first, ...rest];
  return value.map((one) => places(one, names));
}
