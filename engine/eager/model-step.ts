/**
 * What a TF.js model computes in training and in evaluation, as plain TF.js operations: the eager engine
 * runs them, the compiled one traces them.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Manifest } from '../../shared/data/manifest.js';
import { lastActivation, probabilitiesOf } from '../../shared/models/last-activation.js';
import type { LossName } from '../../shared/numerics/losses.js';
import { type LossInputs, lossPerSample, metricSum } from './loss.js';
import { confidenceOf } from './mistakes.js';
import { penaltiesOf } from './penalties.js';
import type { ScoreTensors } from './scores.js';
import { argumentsOf } from './traced/arguments.js';
import type { PerSample } from './traced/replay.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

export interface ModelStep {
  tf: Tf;
  model: TensorFlow.LayersModel;
  /** In the order of the layout. */
  weights: readonly TensorFlow.LayerVariable[];
  loss: LossName;
  /** A traced loss in its place. */
  ownLoss?: PerSample | undefined;
  /** What evaluations count besides. */
  scores?: ScoreTensors | undefined;
  manifest: Pick<Manifest, 'label' | 'normalisation'>;
  /** Whether the model's output is logits: see `takeLastActivation`. */
  fromLogits: boolean;
  labelSmoothing?: number | undefined;
  /** Of one class a sample: what a sample counts in training, by its class. */
  classWeights?: readonly number[] | undefined;
}

export interface StepInputs {
  /** [n, ...inputShape] as float32, as stored. */
  x: Tensor;
  /** Class indices as int32 [n], or float32 values [n, ...outputs]; of several classes at once 0 and 1. */
  target: Tensor;
  /** What each sample counts in training, [n]; absent: 1. */
  weight?: Tensor;
}

export type Gradients = {
  /** Sums over the samples. */
  loss: TensorFlow.Scalar;
  metric: Tensor;
  /** One gradient for each trainable weight; undefined for a weight that the loss does not depend on. */
  gradients: (Tensor | undefined)[];
};

/** Gradients of the sum of losses. Weights that the forward pass assigns are assigned. */
export function gradientsOf(step: ModelStep, { x, target, weight }: StepInputs): Gradients {
  const { tf, model, loss } = step;
  const samples = x.shape[0]!;
  const variables = model.trainableWeights.map((weight) => weight.read() as TensorFlow.Variable);
  let metric!: Tensor;
  const sumOfLosses = () => {
    const output = model.apply(normalized(step, x), { training: true }) as Tensor;
    const inputs = lossInputs(step, output, target);
    metric = tf.keep(metricSum(tf, loss, inputs).sum);
    const sum = tf.sum(weighted(step, lossesOf(step, inputs), target, weight));
    // Each sample bears the regularizers once, so that sum / samples is the mean loss plus them.
    return penaltiesOf(model).reduce<Tensor>(
      (total, own) => tf.add(total, tf.mul(own, samples)),
      sum,
    ) as TensorFlow.Scalar;
  };
  const { value, grads } = tf.variableGrads(sumOfLosses, variables);
  return { loss: value, metric, gradients: variables.map(({ name }) => grads[name]) };
}

/** The sums of a forward pass in inference mode. */
export function evaluationOf(
  step: ModelStep,
  { x, target }: StepInputs,
): { loss: Tensor; metric: Tensor; predicted?: Tensor; confidence?: Tensor; scores: Record<string, Tensor> } {
  const { tf, model, loss, scores, manifest } = step;
  const output = model.apply(normalized(step, x), { training: false }) as Tensor;
  const inputs = lossInputs(step, output, target);
  const { sum, predicted } = metricSum(tf, loss, inputs);
  const isOne = manifest.label.kind === 'class';
  const guesses = predicted && {
    predicted,
    ...(isOne && { confidence: confidenceOf(tf, loss, inputs) }),
  };
  const losses = tf.sum(lossesOf(step, inputs));
  return { loss: losses, metric: sum, ...guesses, scores: scores?.(tf, inputs) ?? {} };
}

/** The loss of each sample: [n]. */
function lossesOf({ tf, loss, ownLoss }: ModelStep, inputs: LossInputs): Tensor {
  return ownLoss ? ownLoss(tf, argumentsOf(inputs)) : lossPerSample(tf, loss, inputs);
}

/** What the model gives for values as they are, in inference mode: for classes probabilities. */
export function predictionOf({ tf, model, manifest }: ModelStep, { x }: Pick<StepInputs, 'x'>): Tensor {
  const output = model.apply(x, { training: false }) as Tensor;
  const { kind } = manifest.label;
  return kind === 'value' ? output : probabilitiesOf(tf, model, output, kind === 'multilabel');
}

/**
 * Where the last layer ends in the activation that the loss undoes, takes it off.
 * @returns whether the model's output is logits now, as it is anyhow where it ends in no activation
 */
export function takeLastActivation(tf: Tf, model: TensorFlow.LayersModel, loss: LossName): boolean {
  const wanted = { categoricalCrossentropy: 'softmax', binaryCrossentropy: 'sigmoid' }[loss as string];
  if (!wanted) return false;
  const last = model.outputs[0]!.sourceLayer as TensorFlow.layers.Layer & {
    activation?: { getClassName?(): string };
  };
  const config = last.getConfig() as { activation?: unknown };
  if (config.activation !== wanted || last.activation?.getClassName?.() !== wanted)
    return lastActivation(model) === 'linear';
  const linear = tf.layers.activation({ activation: 'linear' }) as unknown as { activation: never };
  last.activation = linear.activation;
  return true;
}

/** (v * scale - mean) / std as v * a + b. */
function normalized({ tf, manifest }: ModelStep, x: Tensor): Tensor {
  const { scale, mean, std } = manifest.normalisation;
  const factor = tf.tensor1d(std.map((deviation) => scale / deviation));
  const offset = tf.tensor1d(mean.map((value, i) => -value / std[i]!));
  return tf.add(tf.mul(x, factor), offset);
}

/** Losses times what each sample counts. Not divided by the sum of weights: as in Keras. */
function weighted({ tf, classWeights }: ModelStep, given: Tensor, target: Tensor, weight?: Tensor): Tensor {
  const losses = weight ? tf.mul(given, weight) : given;
  if (!classWeights) return losses;
  const oneHot = tf.oneHot(target.toInt().reshape([target.size]), classWeights.length).toFloat();
  return tf.mul(losses, tf.sum(tf.mul(oneHot, tf.tensor1d([...classWeights])), -1));
}

function lossInputs(
  { fromLogits, labelSmoothing, manifest }: ModelStep,
  output: Tensor,
  target: Tensor,
): LossInputs {
  return { output, target, fromLogits, labelSmoothing, label: manifest.label };
}
