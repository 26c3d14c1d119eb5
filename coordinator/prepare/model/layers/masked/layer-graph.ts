/** A topology as a list of layers, each behind those that feed it: what it takes to follow a mask through a model. */
import type { Topology } from '../topology-json.js';

export type Config = Record<string, unknown>;

export interface Layer {
  type: string;
  name: string;
  config: Config;
  /** Of the layers that feed it. */
  sources: string[];
}

export const RECURRENT: ReadonlySet<string> = new Set([
  ...['LSTM', 'GRU', 'ResetAfterGRU', 'SimpleRNN', 'RNN', 'Bidirectional'],
]);

/** The configuration of a recurrent layer, or of the one within a wrapper. */
export const innerConfig = ({ config }: Layer): Config =>
  (config.layer as { config?: Config } | undefined)?.config ?? config;

export const givesSequence = (layer: Layer): boolean => innerConfig(layer).return_sequences === true;

/** The layer that gives the model's output. */
export function outputOf({ type, config }: Layer, layers: readonly Layer[]): Layer | undefined {
  if (type === 'Sequential') return layers.at(-1);
  const [name] = namesIn(config.output_layers);
  return layers.find((layer) => layer.name === name);
}

export function layersOf({ type, config }: Layer): Layer[] {
  const entries = (Array.isArray(config) ? config : config.layers) as unknown[];
  const layers = (Array.isArray(entries) ? entries : []).map(layerOf);
  if (type !== 'Sequential') return layers;
  return layers.map((layer, i) => ({
    ...layer,
    sources: layers.slice(Math.max(0, i - 1), i).map(({ name }) => name),
  }));
}

export function layerOf(json: Topology | unknown): Layer {
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
