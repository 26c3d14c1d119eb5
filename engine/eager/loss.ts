/**
 * Losses and metrics of the eager engine, as sums over samples.
 *
 * A softmax or sigmoid at the model's end is taken into the loss: from logits, cross-entropy needs neither
 * a clipped logarithm nor a division by a probability near 0, and its gradient is the difference of two
 * probabilities. The model itself keeps its activation; only training and evaluation look before it.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelKind } from '../../shared/data/manifest.js';
import type { LossName } from '../../shared/numerics/losses.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

/** Where the Huber loss turns from a parabola into a line, as in Keras and PyTorch. */
const HUBER_DELTA = 1;

/** Keeps logarithms of probabilities finite, where a model's end could not be taken into the loss. */
const EPSILON = 1e-7;

export interface LossInputs {
  /** The model's output [n, ...outputs], or [n, T, classes], before its last activation if `fromLogits`. */
  output: Tensor;
  /** Class indices as int32 [n] or [n, T], one a position; or float32 values [n, ...outputs], 0 and 1 for several classes at once. */
  target: Tensor;
  fromLogits: boolean;
  label: LabelKind;
  /** Of the two cross-entropies: the share of a label that is spread evenly over all classes. */
  labelSmoothing?: number | undefined;
}

/** The loss of each sample: [n]. */
export function lossPerSample(tf: Tf, loss: LossName, inputs: LossInputs): Tensor {
  const { output, target, fromLogits, labelSmoothing } = inputs;
  const n = output.shape[0]!;
  switch (loss) {
    case 'categoricalCrossentropy': {
      const flat = output.reshape([target.size, -1]);
      const oneHot = tf.oneHot(target.toInt().reshape([target.size]), flat.shape[1]!).toFloat();
      const logProbabilities = fromLogits
        ? tf.logSoftmax(flat)
        : tf.log(tf.clipByValue(tf.div(flat, tf.sum(flat, -1, true)), EPSILON, 1));
      const labels = labelSmoothing ? smoothed(tf, oneHot, labelSmoothing, flat.shape[1]!) : oneHot;
      return meanOverPositions(tf.neg(tf.sum(tf.mul(labels, logProbabilities), -1)), n);
    }
    case 'binaryCrossentropy': {
      // Several classes at once: the mean over them.
      const flat = output.reshape([target.size]);
      const hard = target.toFloat().reshape([target.size]);
      const y = labelSmoothing ? smoothed(tf, hard, labelSmoothing, 2) : hard;
      if (fromLogits) {
        // max(x, 0) - x y + log(1 + exp(-|x|)): no exponential of a large number. Of |x| this form has the slope -1 at
        // 0, where that of the relu is 0: half of each is the 1/2 of the sigmoid.
        const tail = tf.log1p(tf.exp(tf.neg(tf.maximum(tf.neg(flat), flat))));
        return meanOverPositions(tf.add(tf.sub(tf.relu(flat), tf.mul(flat, y)), tail), n);
      }
      const p = tf.clipByValue(flat, EPSILON, 1 - EPSILON);
      const positive = tf.mul(y, tf.log(p));
      const negative = tf.mul(tf.sub(1, y), tf.log(tf.sub(1, p)));
      return meanOverPositions(tf.neg(tf.add(positive, negative)), n);
    }
    case 'meanSquaredError':
      return meanOverOutputs(tf.squaredDifference(output, target.reshape(output.shape)));
    case 'meanAbsoluteError':
      return meanOverOutputs(tf.abs(tf.sub(output, target.reshape(output.shape))));
    case 'huber': {
      const error = tf.abs(tf.sub(output, target.reshape(output.shape)));
      const quadratic = tf.minimum(error, HUBER_DELTA);
      const linear = tf.sub(error, quadratic);
      return meanOverOutputs(tf.add(tf.mul(0.5, tf.square(quadratic)), tf.mul(HUBER_DELTA, linear)));
    }
  }
}

/**
 * The sum of the metric over samples, and for classes what was predicted: int32, [n] or [n * T]; of several classes at
 * once 0 or 1, [n * classes], and 1 where the probability is above one half, as for Keras' `binary_accuracy`.
 */
export function metricSum(tf: Tf, loss: LossName, inputs: LossInputs): { sum: Tensor; predicted?: Tensor } {
  const { output, target, fromLogits, label } = inputs;
  const n = output.shape[0]!;
  if (label.kind === 'value') {
    return { sum: tf.sum(meanOverOutputs(tf.abs(tf.sub(output, target.reshape(output.shape))))) };
  }
  const half = fromLogits ? 0 : 0.5;
  const predicted =
    label.kind === 'multilabel'
      ? tf.greater(output.reshape([target.size]), half).toInt()
      : loss === 'binaryCrossentropy'
        ? tf.greaterEqual(output.reshape([n]), half).toInt()
        : tf.argMax(output.reshape([target.size, -1]), -1).toInt();
  const isRight = tf.equal(predicted, target.toInt().reshape([target.size])).toFloat();
  return { sum: tf.sum(meanOverPositions(isRight, n)), predicted };
}

/** As Keras: y (1 - s) + s / classes. */
const smoothed = (tf: Tf, y: Tensor, share: number, classes: number): Tensor =>
  tf.add(tf.mul(y, 1 - share), share / classes);

/** Averages one value a position to one a sample; leaves the values alone if a sample has one position. */
function meanOverPositions(values: Tensor, n: number): Tensor {
  return values.size === n ? values : values.reshape([n, -1]).mean(-1);
}

function meanOverOutputs(values: Tensor): Tensor {
  const n = values.shape[0]!;
  return values.reshape([n, -1]).mean(-1);
}
