/**
 * What is frozen freezes all that it holds, as in Keras: TF.js forgets it of models within models, of
 * TimeDistributed and of Bidirectional. Written into the innermost layers, which TF.js does ask.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Topology } from './topology-json.js';

type Layer = TensorFlow.layers.Layer;

interface Inside {
  layers?: Layer[];
  /** The layer inside a wrapper. */
  layer?: Layer;
  forwardLayer?: Layer;
  backwardLayer?: Layer;
  /** The layer's own flag, if `trainable` reports that of the layer inside. */
  trainable_?: boolean;
}

/** Freezes the layers within frozen ones. */
export function freezeInner(layer: Layer, frozen = false): void {
  const { layers = [], layer: wrapped, forwardLayer, backwardLayer, trainable_ } = layer as unknown as Inside;
  const isFrozen = frozen || trainable_ === false || !layer.trainable;
  if (isFrozen) layer.trainable = false;
  for (const inner of [...layers, wrapped, forwardLayer, backwardLayer])
    if (inner) freezeInner(inner, isFrozen);
}

/** The weights that no step changes: those of frozen layers. Layers that are not frozen may change what no gradient trains. */
export function frozenWeights(model: TensorFlow.LayersModel): Set<TensorFlow.LayerVariable> {
  const frozen = new Set<TensorFlow.LayerVariable>();
  const visit = (layer: Layer): void => {
    if (!layer.trainable) {
      for (const weight of layer.weights) frozen.add(weight);
      return;
    }
    const { layers = [], layer: wrapped, forwardLayer, backwardLayer } = layer as unknown as Inside;
    for (const inner of [...layers, wrapped, forwardLayer, backwardLayer]) if (inner) visit(inner);
  };
  visit(model as unknown as Layer);
  for (const weight of model.trainableWeights) frozen.delete(weight);
  return frozen;
}

/** A copy of `topology` in which all within what is frozen is frozen: TF.js does not read this of a model. */
export function freezeStored(topology: Topology): Topology {
  const copy = (value: unknown, frozen: boolean): unknown => {
    if (Array.isArray(value)) return value.map((entry) => copy(entry, frozen));
    if (typeof value !== 'object' || value === null) return value;
    const isFrozen = frozen || (value as { trainable?: unknown }).trainable === false;
    const entries = Object.entries(value).map(([name, entry]) => [name, copy(entry, isFrozen)]);
    const own: Topology = Object.fromEntries(entries);
    return isFrozen && 'name' in own ? { ...own, trainable: false } : own;
  };
  return copy(topology, false) as Topology;
}
