/** What regularizers add to a model's loss, of every layer that it is made of. */
import type * as TensorFlow from '@tensorflow/tfjs';

type Layer = TensorFlow.layers.Layer;

/** Where TF.js keeps what a layer holds, and its own regularizers. */
interface Inside {
  layers?: Layer[];
  cell?: Layer;
  cells?: Layer[];
  forwardLayer?: Layer;
  backwardLayer?: Layer;
  layer?: Layer;
  _losses?: (() => TensorFlow.Scalar)[];
}

/**
 * One scalar for each weight with a regularizer. TF.js's own `calculateLosses` leaves out cells, both layers of a
 * Bidirectional and models within wrappers, and counts a layer as often as it is used.
 */
export function penaltiesOf(model: TensorFlow.LayersModel): TensorFlow.Scalar[] {
  return [...everyLayer(model)].flatMap((layer) =>
    ((layer as unknown as Inside)._losses ?? []).map((own) => own()),
  );
}

/** The layer and all within it, each once. */
function everyLayer(layer: Layer, found = new Set<Layer>()): Set<Layer> {
  if (found.has(layer)) return found;
  found.add(layer);
  const {
    layers = [],
    cell,
    cells = [],
    forwardLayer,
    backwardLayer,
    layer: wrapped,
  } = layer as unknown as Inside;
  // What Bidirectional was given is only the pattern of the two that it has made.
  const inner = forwardLayer ? [forwardLayer, backwardLayer] : [wrapped];
  for (const one of [...layers, cell, ...cells, ...inner]) if (one) everyLayer(one, found);
  return found;
}
