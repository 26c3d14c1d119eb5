/** Models from their topologies, for those who have the weights already. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { sizeOf } from '../numerics/shape.js';
import { registerLayers } from './layers.js';

/** Values that one sample may have in one layer: a gigabyte of them. */
const MAX_LAYER_VALUES = 2 ** 28;

/**
 * Builds the model of a topology with all weights 0: a caller that sets them afterwards saves the time to draw them,
 * which is seconds where kernels are large and orthogonal.
 * @param elements how many its weights have in all: a topology that comes from elsewhere may ask for any memory
 * @throws if its layers have more weights than that, or one of them more values than a sample can have
 */
export async function loadBlank(
  tf: typeof TensorFlow,
  topology: object,
  elements = Number.POSITIVE_INFINITY,
): Promise<TensorFlow.LayersModel> {
  registerLayers(tf);
  const layer = tf.layers.Layer.prototype as unknown as Weighted;
  const { addWeight } = layer;
  let left = elements;
  layer.addWeight = function (name, shape, ...rest) {
    left -= valuesOf(shape);
    if (left < 0) throw new Error(`the topology has more weights than the ${elements} that it tells of`);
    return addWeight.call(this, name, shape, ...rest);
  };
  try {
    const model = await tf.models.modelFromJSON(withoutInitialValues(topology, '') as never);
    for (const { name, shape } of outputsWithin(model.layers))
      if (!(valuesOf(shape) <= MAX_LAYER_VALUES))
        throw new Error(`layer ${name} has an output of [${shape}]: too large for a sample`);
    return model;
  } finally {
    layer.addWeight = addWeight;
  }
}

interface Weighted {
  addWeight(this: Weighted, name: string, shape: TensorFlow.Shape, ...rest: unknown[]): unknown;
}

/** The shape of one sample: the batch's own length is open. */
const valuesOf = (shape: TensorFlow.Shape): number => sizeOf(shape.map((length) => length ?? 1));

interface Nodes {
  name: string;
  /** One for each place where the layer is used. */
  inboundNodes: { outputShapes: TensorFlow.Shape | TensorFlow.Shape[] }[];
  /** The layers of a nested model. */
  layers?: TensorFlow.layers.Layer[];
}

/** Wherever a layer is used, also in models inside: `outputShape` throws where the places differ. */
function outputsWithin(
  layers: readonly TensorFlow.layers.Layer[],
): { name: string; shape: TensorFlow.Shape }[] {
  return (layers as unknown as Nodes[]).flatMap(({ name, inboundNodes, layers = [] }) => [
    ...inboundNodes.flatMap(({ outputShapes }) => listed(outputShapes).map((shape) => ({ name, shape }))),
    ...outputsWithin(layers),
  ]);
}

const listed = (shapes: TensorFlow.Shape | TensorFlow.Shape[]): TensorFlow.Shape[] =>
  Array.isArray(shapes[0]) ? (shapes as TensorFlow.Shape[]) : [shapes as TensorFlow.Shape];

function withoutInitialValues(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => withoutInitialValues(entry, key));
  if (typeof value !== 'object' || value === null) return value;
  if (/initializer$/i.test(key)) return { class_name: 'Zeros', config: {} };
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, withoutInitialValues(entry, name)]),
  );
}
