/**
 * What a TF.js model computes in training and in evaluation, as plain TF.js operations: the eager engine
 * runs them, the compiled one traces them.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Manifest } from '../../shared/data/manifest.js';
import { hasSeveralOutputs } from '../../shared/data/named-parts.js';
import { lastActivation, probabilitiesOf } from '../../shared/models/last-activation.js';
import type { LossName } from '../../shared/numerics/losses.js';
import { givenTo, inputsOf, type OutputStep, outputPlaces, outputsOf, targetsOf } from './ends.js';
import { type LossInputs, lossPerSample, metricSum } from './loss.js';
import { confidenceOf } from './mistakes.js';
import { penaltiesOf } from './penalties.js';
import { namesOfOutput, type ScoreTensors } from './scores.js';
import { argumentsOf } from './traced/arguments.js';
import type { PerSample } from './traced/replay.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

export interface ModelStep {
  tf: Tf;
  model: TensorFlow.LayersModel;
  /** In the order of the layout. */
  weights: readonly TensorFlow.LayerVariable[];
  /** In the order of the records. The first one's metric is that of the step. */
  outputs: readonly OutputStep[];
  /** A traced loss in place of that of the one output. */
  ownLoss?: PerSample | undefined;
  /** What evaluations count besides. */
  scores?: ScoreTensors | undefined;
  manifest: Pick<Manifest, 'named' | 'normalisation'>;
  /** Of one class a sample: what a sample counts in training, by its class. */
  classWeights?: readonly number[] | undefined;
}

export interface StepInputs {
  /** [n, ...inputShape] as float32, as stored. */
  x: Tensor;
  /**
   * Class indices as int32 [n], or float32 values [n, ...outputs]; of several classes at once 0 and 1; of several
   * outputs float32 [n, values of all].
   */
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
  const { tf, model } = step;
  const samples = x.shape[0]!;
  const variables = model.trainableWeights.map((weight) => weight.read() as TensorFlow.Variable);
  let metric!: Tensor;
  const sumOfLosses = () => {
    const given = model.apply(inputsOf(step, x), { training: true });
    const outputs = lossInputs(step, given, target);
    metric = tf.keep(metricSum(tf, step.outputs[0]!.loss, outputs[0]!).sum);
    const sums = outputs.map((inputs, i) =>
      counted(tf, tf.sum(weighted(step, lossesOf(step, i, inputs), inputs.target, weight)), step.outputs[i]!),
    );
    const sum = sums.reduce((total, own) => tf.add(total, own));
    // Each sample bears the regularizers once, so that sum / samples is the mean loss plus them.
    return penaltiesOf(model).reduce<Tensor>(
      (total, own) => tf.add(total, tf.mul(own, samples)),
      sum,
    ) as TensorFlow.Scalar;
  };
  const { value, grads } = tf.variableGrads(sumOfLosses, variables);
  return { loss: value, metric, gradients: variables.map(({ name }) => grads[name]) };
}

/** The sums of a forward pass in inference mode; of several outputs also each one's own, among the scores. */
export function evaluationOf(
  step: ModelStep,
  { x, target }: StepInputs,
): { loss: Tensor; metric: Tensor; predicted?: Tensor; confidence?: Tensor; scores: Record<string, Tensor> } {
  const { tf, model, scores } = step;
  const outputs = lossInputs(step, model.apply(inputsOf(step, x), { training: false }), target);
  const metrics = outputs.map((inputs, i) => metricSum(tf, step.outputs[i]!.loss, inputs));
  const losses = outputs.map((inputs, i) => tf.sum(lossesOf(step, i, inputs)));
  const { sum, predicted } = metrics[0]!;
  const isOne = step.outputs[0]!.label.kind === 'class';
  const guesses = predicted && {
    predicted,
    ...(isOne && { confidence: confidenceOf(tf, step.outputs[0]!.loss, outputs[0]!) }),
  };
  const own = outputs.length === 1 ? [] : outputs.flatMap((_, i) => sumsOfOutput(i, losses[i]!, metrics[i]!));
  return {
    loss: losses
      .map((loss, i) => counted(tf, loss, step.outputs[i]!))
      .reduce((total, own) => tf.add(total, own)),
    metric: sum,
    ...guesses,
    scores: { ...scores?.(tf, outputs[0]!), ...Object.fromEntries(own) },
  };
}

const sumsOfOutput = (at: number, loss: Tensor, metric: { sum: Tensor }) =>
  Object.entries(namesOfOutput(at)).map(
    ([figure, name]) => [name, figure === 'loss' ? loss : metric.sum] as const,
  );

/** What an output's loss counts in the sum of all. */
const counted = (tf: Tf, loss: Tensor, { weight }: OutputStep): Tensor =>
  weight === 1 ? loss : tf.mul(loss, weight);

/** The loss of each sample: [n]. */
function lossesOf({ tf, outputs, ownLoss }: ModelStep, at: number, inputs: LossInputs): Tensor {
  return ownLoss ? ownLoss(tf, argumentsOf(inputs)) : lossPerSample(tf, outputs[at]!.loss, inputs);
}

/**
 * What the model gives for values as they are, in inference mode: for classes probabilities.
 * @param inputs as the model takes them, in the order of the records; @returns outputs in the order of the records
 */
export function predictionsOf(step: ModelStep, inputs: readonly Tensor[]): Tensor[] {
  const { tf, model, outputs, manifest } = step;
  const given = model.apply(givenTo(step, inputs), { training: false });
  const places = hasSeveralOutputs(manifest.named) ? outputPlaces(model, manifest.named) : [0];
  return outputsOf(step, given).map((output, i) => {
    const { kind } = outputs[i]!.label;
    return kind === 'value' ? output : probabilitiesOf(tf, model, output, kind === 'multilabel', places[i]);
  });
}

/**
 * Where an output's layer ends in the activation that the loss undoes, takes it off: unless what the layer gives is also
 * used elsewhere in the model.
 * @returns whether that output is logits now, as it is anyhow where it ends in no activation
 */
export function takeLastActivation(tf: Tf, model: TensorFlow.LayersModel, loss: LossName, at = 0): boolean {
  const wanted = { categoricalCrossentropy: 'softmax', binaryCrossentropy: 'sigmoid' }[loss as string];
  if (!wanted) return false;
  const last = model.outputs[at]!.sourceLayer as TensorFlow.layers.Layer & {
    activation?: { getClassName?(): string };
  };
  const config = last.getConfig() as { activation?: unknown };
  const isTaken = config.activation === wanted && last.activation?.getClassName?.() === wanted;
  if (!isTaken || isUsedElsewhere(last, model)) return lastActivation(model, at) === 'linear';
  const linear = tf.layers.activation({ activation: 'linear' }) as unknown as { activation: never };
  last.activation = linear.activation;
  return true;
}

function isUsedElsewhere(layer: TensorFlow.layers.Layer, { outputs }: TensorFlow.LayersModel): boolean {
  const given = outputs.filter(({ sourceLayer }) => sourceLayer === layer);
  return given.length > 1 || layer.inboundNodes.length > 1 || layer.outboundNodes.length > 0;
}

/** Losses times what each sample counts. Not divided by the sum of weights: as in Keras. */
function weighted({ tf, classWeights }: ModelStep, given: Tensor, target: Tensor, weight?: Tensor): Tensor {
  const losses = weight ? tf.mul(given, weight) : given;
  if (!classWeights) return losses;
  const oneHot = tf.oneHot(target.toInt().reshape([target.size]), classWeights.length).toFloat();
  return tf.mul(losses, tf.sum(tf.mul(oneHot, tf.tensor1d([...classWeights])), -1));
}

/** For each output. */
function lossInputs(
  step: ModelStep,
  given: ReturnType<TensorFlow.LayersModel['apply']>,
  target: Tensor,
): LossInputs[] {
  const targets = targetsOf(step.manifest, target);
  return outputsOf(step, given).map((output, i) => {
    const { fromLogits, labelSmoothing, label } = step.outputs[i]!;
    return { output, target: targets[i]!, fromLogits, labelSmoothing, label };
  });
}
