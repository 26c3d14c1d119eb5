/** Where the weights of a TF.js model are, told as files name them. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Step, WeightPlace } from './match-weights.js';

type Layer = TensorFlow.layers.Layer;
type Variable = TensorFlow.LayerVariable;

/** What TF.js's layers that hold others have; it exports no types for it. */
interface Holder {
  layers?: Layer[];
  layer?: Layer;
  forwardLayer?: Layer;
  backwardLayer?: Layer;
  cell?: Layer & { cells?: Layer[] };
}

export interface FoundWeight extends WeightPlace {
  variable: Variable;
}

/**
 * Each weight of the model once, in no order that means something.
 * @param before what the file calls a layer that has another name in the model
 */
export function weightPlaces(
  model: TensorFlow.LayersModel,
  before: ReadonlyMap<string, string> = new Map(),
): FoundWeight[] {
  const namesOf = ({ name }: Layer): string[] => [name, ...(before.has(name) ? [before.get(name)!] : [])];
  const places = new Map<Variable, FoundWeight>();
  const visit = (layer: Layer, around: readonly Step[], own: Step = { names: namesOf(layer) }): void => {
    const path = [...around, own];
    const { layers, layer: wrapped, forwardLayer, backwardLayer, cell } = layer as Holder;
    for (const inner of layers ?? []) visit(inner, path);
    for (const half of [forwardLayer, backwardLayer]) if (half) visit(half, path);
    if (wrapped && !forwardLayer) visit(wrapped, path);
    if (cell?.cells) {
      const stack = [...path, { names: [cell.name, 'stacked_rnn_cells'] }];
      // TF.js counts them, Keras uses their names.
      for (const [i, one] of cell.cells.entries()) visit(one, stack, { names: [one.name, `RNNCell_${i}`] });
    } else if (cell) visit(cell, path, { names: [cell.name], isOnlyCell: true });
    if (layers || wrapped || cell) return;
    for (const variable of layer.weights) {
      const { originalName: title, shape } = variable;
      if (places.has(variable)) continue;
      places.set(variable, { variable, title, path, kinds: kindsOf(layer, title), shape: shape as number[] });
    }
  };
  visit(model as unknown as Layer, []);
  return [...places.values()];
}

function kindsOf(layer: Layer, name: string): string[] {
  const kind = name.split('/').at(-1)!;
  // Keras 3 calls it so.
  return kind === 'depthwise_kernel' && layer.getClassName() === 'DepthwiseConv2D'
    ? [kind, 'kernel']
    : [kind];
}
