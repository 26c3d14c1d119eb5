/** What a traced function sees of samples: labels in the form that goes with the model's output. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelKind } from '../../../shared/data/manifest.js';
import type { Arguments } from './replay.js';

export interface Seen {
  /** The model's output [n, ...outputs]. */
  output: TensorFlow.Tensor;
  /** As `LossInputs` has it. */
  target: TensorFlow.Tensor;
  label: LabelKind;
}

/**
 * `yTrue`: class indices as int32 [n] or [n, T]; of two classes told apart by one output, 0 and 1 as float32 in the
 * output's shape; of several classes at once 0 and 1 as float32 likewise; numbers to predict as float32 in the output's shape, where they are as many.
 */
export function argumentsOf({ output, target, label }: Seen): Arguments {
  const isSingle = label.kind === 'class' && label.classes === 2 && output.size === target.size;
  if (label.kind === 'class' && !isSingle) return { yTrue: target, yPred: output };
  const yTrue: TensorFlow.Tensor = target.toFloat();
  return { yTrue: yTrue.size === output.size ? yTrue.reshape(output.shape) : yTrue, yPred: output };
}
