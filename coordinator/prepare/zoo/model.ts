/** The interface of a zoo model, and the checks of arguments and shapes that models share. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { sizeOf } from '../../../shared/numerics/shape.js';
import type { OptimizerName } from '../../../shared/numerics/update/optimizers/optimizers.js';
import { UserError } from '../../../shared/user-error.js';
import type { ScheduleName } from '../../update/schedules.js';

/** What an output of a model has to fit. */
export interface OutputShapes {
  /** Shape of one record's label: [] for one label, [T] for one at each of T positions. */
  labelShape: number[];
  /** Units of the last layer. */
  outputs: number;
  /** Activation of the last layer. */
  outputActivation: 'softmax' | 'sigmoid' | 'linear';
}

/** What a model has to fit: the shapes and labels of the data. */
export interface ModelShapes extends OutputShapes {
  /** Shape of one record, without the batch dimension. */
  inputShape: number[];
  /** Of texts of any length: how many numbers tokens have. Then a model takes inputs of shape [null]. */
  tokens?: number;
  /** Of data with several inputs or outputs, by their names; the fields above then tell of all in one flat vector. */
  named?: { inputs: Record<string, { shape: number[] }>; outputs: Record<string, OutputShapes> };
}

/** Settings with which a first run learns well. */
export interface ModelDefaults {
  optimizer: OptimizerName;
  learningRate: number;
  schedule: ScheduleName;
  batchSize: number;
  epochs: number;
}

export interface ZooModel {
  name: string;
  /** How it is asked for, as the help of `--model` shows it. */
  usage: string;
  defaults: ModelDefaults;
  /** @throws UserError for arguments or input shapes that the model cannot take */
  build(tf: typeof TensorFlow, shapes: ModelShapes, args: string[]): TensorFlow.LayersModel;
}

/** The first layer of a dense network. TF.js's own Flatten refuses inputs that are flat already. */
export function flatten(tf: typeof TensorFlow, inputShape: number[]): TensorFlow.layers.Layer {
  return inputShape.length > 1
    ? tf.layers.flatten({ inputShape, name: 'flatten' })
    : tf.layers.reshape({ inputShape, targetShape: [sizeOf(inputShape)], name: 'flatten' });
}

/** @throws UserError unless all are whole numbers of at least 1 */
export function unitsOf(model: string, args: readonly string[]): number[] {
  return args.map((text) => {
    if (/^[1-9]\d*$/.test(text)) return Number(text);
    throw new UserError(`--model ${model}:${args.join(',')}: ${text} is not a number of units`, 2);
  });
}

/** @throws UserError if the model has no arguments but some were given */
export function noArguments(model: string, args: readonly string[]): void {
  if (args.length > 0) throw new UserError(`--model ${model} takes no arguments, not ${args.join(',')}`, 2);
}

/** @throws UserError unless the input is an image: height, width, channels */
export function imageOnly(model: string, { inputShape }: ModelShapes, smallest: number): void {
  const [height = 0, width = 0] = inputShape;
  if (inputShape.length === 3 && Math.min(height, width) >= smallest) return;
  throw new UserError(
    `--model ${model} needs images of at least ${smallest}x${smallest}, the data has shape [${inputShape}]: use mlp or linear`,
    2,
  );
}

/** The same shapes. @throws UserError unless records are sequences of tokens with the next one as the label of each */
export function sequenceOnly(model: string, shapes: ModelShapes): ModelShapes {
  const { inputShape, labelShape, outputActivation } = shapes;
  if (inputShape.length !== 1 || labelShape.length !== 1 || inputShape[0] !== labelShape[0]) {
    throw new UserError(
      `--model ${model} needs text (--data text:FILE), the data has shape [${inputShape}] with labels of shape [${labelShape}]`,
      2,
    );
  }
  if (outputActivation === 'softmax') return shapes;
  throw new UserError(`--model ${model} needs --loss categoricalCrossentropy`, 2);
}
