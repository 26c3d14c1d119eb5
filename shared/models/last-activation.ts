/** Finds the activation in which a model ends, looking through layers that only move or average values. */
import type * as TensorFlow from '@tensorflow/tfjs';

type Layer = TensorFlow.layers.Layer;

/** Layers whose results are in the range of their inputs, but for the noise that some add while training. */
export const SEEN_THROUGH: ReadonlySet<string> = new Set([
  ...['Reshape', 'Flatten', 'Permute', 'RepeatVector', 'Cropping2D', 'UpSampling2D', 'Masking', 'RandomFlip'],
  ...['Dropout', 'SpatialDropout1D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise'],
  ...['AveragePooling1D', 'AveragePooling2D', 'GlobalAveragePooling1D', 'GlobalAveragePooling2D'],
  ...['MaxPooling1D', 'MaxPooling2D', 'GlobalMaxPooling1D', 'GlobalMaxPooling2D'],
  ...['Average', 'Maximum', 'Minimum', 'Concatenate'],
]);
/** Activations that are layers of their own; LeakyReLU and PReLU reach every number. */
export const ACTIVATION_LAYERS: Readonly<Record<string, string>> = {
  Softmax: 'softmax',
  ReLU: 'relu',
  ELU: 'elu',
  ThresholdedReLU: 'relu',
};

/** What TF.js's layers have inside. */
interface Inside {
  activation?: { getClassName?(): string };
  outputs?: TensorFlow.SymbolicTensor[];
  cell?: Layer;
  cells?: Layer[];
  forwardLayer?: Layer;
  mergeMode?: string;
  layer?: Layer;
}

/** @returns the activation's name in TF.js, words where two are added, `linear` where results may be any number. @param at which output */
export function lastActivation(model: TensorFlow.LayersModel, at = 0): string {
  return activationOf(model.outputs[at]!);
}

function activationOf({ sourceLayer, nodeIndex }: TensorFlow.SymbolicTensor): string {
  const type = sourceLayer.getClassName();
  const isIdentity = type === 'Activation' && ofLayer(sourceLayer) === 'linear';
  if (!SEEN_THROUGH.has(type) && !isIdentity) return ofLayer(sourceLayer);
  const names = sourceLayer.inboundNodes[nodeIndex]!.inputTensors.map(activationOf);
  return names.every((name) => name === names[0]) ? names[0]! : 'linear';
}

function ofLayer(layer: Layer): string {
  const {
    outputs,
    forwardLayer,
    mergeMode,
    layer: wrapped,
    cell,
    cells,
    activation,
  } = layer as unknown as Inside;
  if (outputs) return activationOf(outputs[0]!);
  const inner = forwardLayer ?? wrapped ?? cell ?? cells?.at(-1);
  if (inner && mergeMode === 'sum') return sumOfTwo(ofLayer(inner));
  if (inner) return ofLayer(inner);
  return ACTIVATION_LAYERS[layer.getClassName()] ?? activation?.getClassName?.() ?? 'linear';
}

/** Two probabilities are none; two softmax are divided by their sum, as any output is that shall be probabilities. */
const sumOfTwo = (name: string): string =>
  ['linear', 'softmax'].includes(name) ? name : `a sum of two ${name}`;

/**
 * Turns the output of a classifier into probabilities, if it ends in logits.
 * @param isMulti whether each output tells of a class by itself
 */
export function probabilitiesOf(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  output: TensorFlow.Tensor,
  isMulti = false,
  at = 0,
): TensorFlow.Tensor {
  if (lastActivation(model, at) !== 'linear') return output;
  return isMulti || output.shape.at(-1) === 1 ? tf.sigmoid(output) : tf.softmax(output);
}
