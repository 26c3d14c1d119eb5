/** `--head`: a new last layer, for other classes than the model was trained on. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { isOutputLayer } from '../../../../shared/models/portable-names.js';
import { UserError } from '../../../../shared/user-error.js';
import type { ModelShapes } from '../../zoo/model.js';

type Layer = TensorFlow.layers.Layer;

export interface NewHead {
  /** Shares all layers but the new one with the model before. */
  model: TensorFlow.LayersModel;
  /** The new layer's name. */
  name: string;
  /** The name of the layer in whose place it is. */
  replaced: string;
}

/**
 * Puts a new Dense layer in the place of the last one with weights, which must be Dense too, and of what is behind it:
 * an activation, or the layer that gives an export's numbers in their own unit.
 * @throws UserError for a model that ends in another way
 */
export function withNewHead(
  tf: typeof TensorFlow,
  before: TensorFlow.LayersModel,
  { outputs, outputActivation }: Pick<ModelShapes, 'outputs' | 'outputActivation'>,
): NewHead {
  const last = lastDense(before);
  const name = unusedName('head', before);
  const dense = tf.layers.dense({ units: outputs, activation: outputActivation, name });
  const output = dense.apply(inputOf(last)) as TensorFlow.SymbolicTensor;
  return {
    model: tf.model({ inputs: before.inputs, outputs: output, name: before.name }),
    name,
    replaced: last.name,
  };
}

function lastDense(model: TensorFlow.LayersModel): Layer {
  if (model.outputs.length !== 1)
    throw new UserError(`--head replaces one last layer, and the model has ${model.outputs.length} outputs`);
  let layer = model.outputs[0]!.sourceLayer as Layer;
  while (isOutputLayer(layer.name) || layer.weights.length === 0) {
    const inputs = [layer.inboundNodes.at(-1)?.inputTensors ?? []].flat();
    if (inputs.length !== 1) throw notDense(layer);
    layer = inputs[0]!.sourceLayer as Layer;
  }
  if (layer.getClassName() !== 'Dense') throw notDense(layer);
  return layer;
}

const inputOf = (layer: Layer) => layer.inboundNodes.at(-1)!.inputTensors[0]!;

const notDense = (layer: Layer) =>
  new UserError(
    `--head replaces a last layer of class Dense, and the model ends in ${layer.name} (${layer.getClassName()}): leave --head out, or change the model's file`,
  );

function unusedName(wanted: string, { layers }: TensorFlow.LayersModel): string {
  const taken = new Set(layers.map(({ name }) => name));
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}_${count}`;
    if (!taken.has(name)) return name;
  }
}
