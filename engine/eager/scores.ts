/** What an evaluation counts for `--metrics` beside loss and metric: hits of top k, places on ROC curves, numbers of one's own. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelKind } from '../../shared/data/manifest.js';
import { placesOf } from '../../shared/data/roc.js';
import { outputFigures, type Scored, type TrainedOutput } from '../../shared/models/description.js';
import type { EvaluationSums } from '../engine.js';
import type { LossInputs } from './loss.js';
import { argumentsOf } from './traced/arguments.js';
import { replayer } from './traced/replay.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

/** Keeps log-odds of probabilities finite. */
const EPSILON = 1e-7;

/** Computes, by name: `rank`, `odds` and `exact` as below, `own:I` the numbers of samples of a traced function. */
export type ScoreTensors = (tf: Tf, inputs: LossInputs) => Record<string, Tensor>;

/** An activation that the loss has taken off the model. */
export type Taken = 'softmax' | 'sigmoid';

/** @param taken is put back for functions of one's own, which are given what the model gives */
export function scoring({ top, curve, exact, own }: Scored, taken?: Taken): ScoreTensors {
  const replayers = own.map(replayer);
  const given = (tf: Tf, inputs: LossInputs): LossInputs =>
    taken ? { ...inputs, output: tf[taken](inputs.output) } : inputs;
  return (tf, inputs) => ({
    ...(top.length > 0 ? { rank: rankOf(tf, inputs) } : {}),
    ...(curve ? { odds: oddsOf(tf, inputs) } : {}),
    ...(exact ? { exact: exactOf(tf, inputs) } : {}),
    ...Object.fromEntries(
      replayers.map((replay, i) => [`own:${i}`, replay(tf, argumentsOf(given(tf, inputs)))]),
    ),
  });
}

/** How many classes come before the right one: [n], or [n * T]. Of equal ones the first, as for `argMax`. */
function rankOf(tf: Tf, { output, target }: LossInputs): Tensor {
  const flat = output.reshape([target.size, -1]);
  const classes = flat.shape[1]!;
  const labels = target.toInt().reshape([target.size]);
  const right = tf.sum(tf.mul(tf.oneHot(labels, classes).toFloat(), flat), -1, true);
  const order = tf.tensor(
    Float32Array.from({ length: classes }, (_, i) => i),
    [1, classes],
  );
  const isEarlier = tf.less(order, labels.toFloat().reshape([target.size, 1])).toFloat();
  const isEqual = tf.equal(flat, right).toFloat();
  return tf.sum(tf.add(tf.greater(flat, right).toFloat(), tf.mul(isEqual, isEarlier)), -1);
}

/** Whether all classes of a sample are predicted right, 0 or 1: [n]. */
function exactOf(tf: Tf, { output, target, fromLogits }: LossInputs): Tensor {
  const n = output.shape[0]!;
  const there = tf.greater(output.reshape([n, -1]), fromLogits ? 0 : 0.5).toFloat();
  const wrong = tf.sum(tf.abs(tf.sub(there, target.toFloat().reshape([n, -1]))), -1);
  return tf.equal(wrong, tf.zerosLike(wrong)).toFloat();
}

/**
 * Log-odds of each class against all others, or against its absence where several may be there: [n, classes]. Of two
 * classes those of the second, [n].
 */
function oddsOf(tf: Tf, { output, target, fromLogits, label }: LossInputs): Tensor {
  if (label.kind === 'multilabel') {
    const each = output.reshape(target.shape);
    return fromLogits ? each : logOdds(tf, each);
  }
  const n = target.size;
  const flat = output.reshape([n, -1]);
  const classes = flat.shape[1]!;
  if (classes === 1) return (fromLogits ? flat : logOdds(tf, flat)).reshape([n]);
  const probabilities = fromLogits ? tf.softmax(flat) : tf.div(flat, tf.sum(flat, -1, true));
  if (classes > 2) return logOdds(tf, probabilities);
  const logs = fromLogits ? flat : tf.log(tf.clipByValue(probabilities, EPSILON, 1));
  return tf.sub(logs.slice([0, 1], [n, 1]), logs.slice([0, 0], [n, 1])).reshape([n]);
}

function logOdds(tf: Tf, probabilities: Tensor): Tensor {
  const p = tf.clipByValue(probabilities, EPSILON, 1 - EPSILON);
  return tf.sub(tf.log(p), tf.log(tf.sub(1, p)));
}

/** Sums and places of what `scoring` has computed for `count` samples with labels `y`. */
export function scoresOf(
  { top, curve, exact: isExact, own }: Scored,
  label: LabelKind,
  { count, y }: { count: number; y: ArrayLike<number> },
  computed: Readonly<Record<string, ArrayLike<number>>>,
): Pick<EvaluationSums, 'scores' | 'places'> {
  const { rank = [], odds = [], exact = [] } = computed;
  const hits = (k: number) => Array.from(rank).filter((before) => before < k).length;
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
  const scores = {
    // A sample of several positions counts the share of those that are right.
    ...Object.fromEntries(top.map((k) => [`top${k}`, (hits(k) * count) / rank.length])),
    ...(isExact ? { exactMatch: sum(exact) } : {}),
    ...Object.fromEntries(own.map(({ name }, i) => [name, sum(computed[`own:${i}`]!)])),
  };
  return {
    ...(top.length + own.length > 0 || isExact ? { scores } : {}),
    ...(curve ? { places: placesOf(odds, y, label) } : {}),
  };
}

/** How the sums of one of several outputs are called among what is computed. */
export const namesOfOutput = (at: number) => ({ loss: `loss:${at}`, metric: `metric:${at}` });

/** The sums of each of several outputs, under the names that people know. */
export function scoresOfOutputs(
  outputs: readonly TrainedOutput[],
  computed: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, number> {
  const named = outputs.flatMap((output, at) => {
    const { loss, metric } = namesOfOutput(at);
    const figures = outputFigures(output);
    return [
      [figures.loss, computed[loss]![0]!],
      [figures.metric, computed[metric]![0]!],
    ];
  });
  return Object.fromEntries(named);
}
