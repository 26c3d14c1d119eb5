/** The wrong predictions of an evaluation of which the model was surest: for people to look at. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LossName } from '../../shared/numerics/losses.js';
import type { EvaluationSums } from '../engine.js';
import type { LossInputs } from './loss.js';

/** Told of a batch; the protocol allows no more. */
const MISTAKES = 16;

/** The probability that the model gives to what it predicts: [n], or [n * T]. */
export function confidenceOf(
  tf: typeof TensorFlow,
  loss: LossName,
  { output, target, fromLogits }: LossInputs,
): TensorFlow.Tensor {
  const n = target.size;
  if (loss === 'binaryCrossentropy') {
    const flat = output.reshape([n]);
    const p = fromLogits ? tf.sigmoid(flat) : flat;
    return tf.maximum(p, tf.sub(1, p));
  }
  const flat = output.reshape([n, -1]);
  return tf.max(fromLogits ? tf.softmax(flat) : tf.div(flat, tf.sum(flat, -1, true)), -1);
}

/** Finds the surest wrong predictions; undefined if a record has several labels, as text has. */
export function surestMistakes(
  count: number,
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  confidence: ArrayLike<number>,
): EvaluationSums['mistakes'] {
  if (predicted.length !== count) return undefined;
  return Array.from(predicted, (guess, record) => ({
    record,
    predicted: guess,
    confidence: Math.min(1, Math.max(0, confidence[record]!)),
  }))
    .filter((guess) => guess.predicted !== actual[guess.record] && Number.isFinite(guess.confidence))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, MISTAKES);
}
