/** How the layers of a Keras model are joined: in Keras 3 by the arguments of calls, in TF.js by lists of places. */
import { UserError } from '../../../../../shared/user-error.js';
import type { KerasVersion } from './keras-parts.js';

type Arguments = Record<string, unknown>;
/** Layer, which of its calls, which of its outputs, and other arguments. */
type Place = [layer: string, call: number, output: number, others?: Arguments];

/**
 * The calls of one layer, as TF.js lists them.
 * @throws UserError for arguments that TF.js would not hand to the layer
 */
export function kerasNodes(nodes: unknown[], layer: string, version: KerasVersion): Place[][] {
  return nodes.map((node) => {
    const { places, others } = Array.isArray(node) ? listed(node) : called(node as Called);
    const meant = Object.entries(others).filter(([name, value]) => counts(name, value, version));
    if (meant.length > 0) {
      const what = meant.map(([name, value]) => `${name}=${short(value)}`).join(', ');
      throw new UserError(
        `the model's ${layer} is called with ${what}, which would be ignored: change the model (call it without)`,
        2,
      );
    }
    return places.map(([name, call, output]) => [name, call, output, {}]);
  });
}

/** Whether an argument of a call has a meaning. Keras 3 passes `training` to every layer, so that one has none. */
const counts = (name: string, value: unknown, version: KerasVersion): boolean =>
  value !== null && value !== undefined && !(name === 'training' && version === 3) && name !== 'name';

const short = (value: unknown): string => JSON.stringify(value).slice(0, 60);

function listed(node: unknown[]): { places: Place[]; others: Arguments } {
  // A layer that is called with one tensor may have its place alone.
  const places = (typeof node[0] === 'string' ? [node] : node) as Place[];
  return { places, others: Object.assign({}, ...places.map(([, , , others]) => others ?? {})) };
}

interface Called {
  args: unknown[];
  kwargs?: Arguments;
}

function called({ args, kwargs = {} }: Called): { places: Place[]; others: Arguments } {
  const places = args.flat().flatMap((argument) => historyOf(argument) ?? []);
  const rest = args.flat().filter((argument) => argument !== null && !historyOf(argument));
  return { places, others: { ...kwargs, ...(rest.length > 0 ? { arguments: rest } : {}) } };
}

function historyOf(value: unknown): Place[] | undefined {
  const { class_name, config } = (value ?? {}) as { class_name?: string; config?: { keras_history?: Place } };
  return class_name === '__keras_tensor__' && config?.keras_history ? [config.keras_history] : undefined;
}

/** A model's inputs or outputs: one of them may stand alone, or several by names. */
export function kerasTensors(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === 'string' ? [value] : value;
  return typeof value === 'object' && value !== null ? Object.values(value) : value;
}

/**
 * TF.js counts how a model within a model was built as its first call. Keras 3 begins to count at 0 with the first call
 * from outside, at least for some models.
 * @param layers translated ones. @param models the names of those that are models
 */
export function callsCounted(
  layers: unknown[],
  outputs: unknown,
  models: readonly string[],
): { layers: unknown[]; output_layers?: unknown } {
  const nodesOf = (layer: unknown) => (layer as { inbound_nodes?: unknown } | null)?.inbound_nodes;
  const first = new Set(
    placesIn([layers.map(nodesOf), outputs]).flatMap(([name, call]) => (call === 0 ? [name] : [])),
  );
  const shifted = new Set(models.filter((name) => first.has(name)));
  const counted = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    if (!isPlace(value)) return value.map(counted);
    const [name, call, ...rest] = value;
    return [name, shifted.has(name) ? call + 1 : call, ...rest];
  };
  return {
    layers: layers.map((layer) =>
      nodesOf(layer) ? { ...(layer as object), inbound_nodes: counted(nodesOf(layer)) } : layer,
    ),
    ...(outputs === undefined ? {} : { output_layers: counted(outputs) }),
  };
}

const isPlace = (value: unknown[]): value is Place =>
  typeof value[0] === 'string' && typeof value[1] === 'number';

/** Lists of [layer, call, output, ...], however deep. */
const placesIn = (value: unknown): Place[] =>
  Array.isArray(value) ? (isPlace(value) ? [value] : value.flatMap(placesIn)) : [];
