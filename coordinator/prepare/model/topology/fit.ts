/** Whether a model, a loss and data fit each other: shapes, kinds of labels, and the range of the model's end. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelKind } from '../../../../shared/data/manifest.js';
import { inOrderOf } from '../../../../shared/data/named-parts.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import { inputNamesOf } from '../../../../shared/models/end-names.js';
import { lastActivation } from '../../../../shared/models/last-activation.js';
import type { LossName } from '../../../../shared/numerics/losses.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { UserError } from '../../../../shared/user-error.js';
import type { DataHead } from './reference.js';

/** What one output of a model is held against. */
export interface Target {
  /** The data set, or the output's part of it, in words. */
  title: string;
  label: LabelKind;
  /** Shape of one record's target. */
  y: readonly number[];
}

/** One output tells two classes apart by one probability. */
export function defaultLoss(output: TensorFlow.SymbolicTensor, { label, y }: Target): LossName {
  if (label.kind === 'value') return 'meanSquaredError';
  if (label.kind === 'multilabel') return 'binaryCrossentropy';
  const isBinary = label.classes === 2 && y.length === 0 && outputsOf(output) === 1;
  return isBinary ? 'binaryCrossentropy' : 'categoricalCrossentropy';
}

/** @throws UserError naming both shapes and what can be done */
export function checkInputs(model: TensorFlow.LayersModel, data: DataHead): void {
  const { named, name } = data;
  const isOne = model.inputs.length === 1;
  const parts = isOne ? [{ part: data.x }] : inOrderOf(inputNamesOf(model), named!.inputs);
  for (const [at, { part }] of parts.entries()) {
    const input = model.inputs[at]!.shape.slice(1);
    const fits =
      input.length === part.shape.length && input.every((size, i) => size === null || size === part.shape[i]);
    if (fits) continue;
    const which = isOne ? 'inputs' : `input ${inputNamesOf(model)[at]}`;
    throw new UserError(
      `the model takes ${which} of shape [${input}], ${name} has [${part.shape}]: give another --model or --data`,
    );
  }
}

/** @param at which output. @throws UserError naming both shapes and what can be done */
export function checkOutput(model: TensorFlow.LayersModel, at: number, target: Target, loss: LossName): void {
  const outputShape = model.outputs[at]!.shape.slice(1);
  const outputs = outputsOf(model.outputs[at]!);
  const { label, y, title } = target;
  if (label.kind === 'multilabel') return checkSeveral(loss, outputShape, title, label.classes);
  const isClass = loss === 'categoricalCrossentropy' || loss === 'binaryCrossentropy';
  if (isClass !== (label.kind === 'class')) {
    const kind = label.kind === 'class' ? 'classes' : 'numbers';
    throw new UserError(`--loss ${loss} does not fit ${title}, whose labels are ${kind}`, 2);
  }
  if (label.kind !== 'class') return;
  if (y.length > 0) {
    const wanted = [...y, label.classes];
    if (loss === 'categoricalCrossentropy' && `${outputShape}` === `${wanted}`) return;
    throw new UserError(
      `${title} has a class for each of [${y}] positions: it needs --loss categoricalCrossentropy and a model with outputs [${wanted}], such as gpt or lstm, not [${outputShape}]`,
      2,
    );
  }
  if (loss === 'binaryCrossentropy' ? outputs !== 1 || label.classes !== 2 : outputs !== label.classes) {
    throw new UserError(
      `the model has ${outputs} outputs, ${title} ${label.classes} classes, with --loss ${loss}: change the model's last layer, or the loss`,
    );
  }
}

/** @throws UserError unless there is an output, and a loss, for each of several classes at once */
function checkSeveral(
  loss: LossName,
  outputShape: readonly (number | null)[],
  name: string,
  classes: number,
): void {
  const why = `a record of ${name} may have several of ${classes} classes at once`;
  if (loss !== 'binaryCrossentropy')
    throw new UserError(
      `--loss ${loss} does not fit: ${why}; give --loss binaryCrossentropy, or leave --loss out`,
      2,
    );
  if (`${outputShape}` === `${classes}`) return;
  throw new UserError(
    `the model gives [${outputShape}] numbers a record, and ${why}: change its last layer to ${classes} units with sigmoid`,
  );
}

/** How many numbers come of a record, where the model leaves no dimension open. */
const outputsOf = ({ shape }: TensorFlow.SymbolicTensor): number =>
  sizeOf(shape.slice(1).map((length) => length ?? 1));

/** Activations whose results the loss can take. */
const ENDS: Partial<Record<LossName, readonly string[]>> = {
  categoricalCrossentropy: ['softmax', 'linear'],
  binaryCrossentropy: ['sigmoid', 'linear', 'hardSigmoid', 'hardSigmoidOfSixth'],
};

/**
 * @param fromLogits what the loss is to take, where that is known
 * @param at which output
 * @throws UserError naming the layer, its activation, and what the loss needs
 */
export function checkEnd(
  model: TensorFlow.LayersModel,
  loss: LossName,
  { label }: Pick<Target, 'label'>,
  fromLogits?: boolean,
  at = 0,
): void {
  const output = model.outputs[at]!;
  const found = lastActivation(model, at);
  const { name } = output.sourceLayer;
  const layer = `the model's last layer "${name}" (${output.sourceLayer.getClassName()}) ends in ${found}`;
  if (found === 'softmax' && output.shape.at(-1) === 1) {
    throw new UserError(`${layer}, which of one number is always 1: change its activation to sigmoid`);
  }
  if (found === 'softmax' && label.kind === 'multilabel')
    throw new UserError(
      `${layer}, which shares one probability among the classes, and a record may have several at once: change its activation to sigmoid, or to linear for logits`,
    );
  const together = output.shape.at(-1);
  if (found === 'softmax' && label.kind === 'class' && together !== label.classes) {
    throw new UserError(
      `${layer}, which makes probabilities of ${together} numbers at a time, not of ${label.classes}: put a Flatten in front of it`,
    );
  }
  if (fromLogits !== undefined && fromLogits !== (found === 'linear')) {
    throw new UserError(
      `${layer}, and was compiled with a loss from_logits ${fromLogits}: change one of the two, or give --loss ${loss} to have the loss go by the activation`,
    );
  }
  const ends = ENDS[loss];
  if (!ends || ends.includes(found)) return;
  throw new UserError(
    `${layer}, whose results are no probabilities for --loss ${loss}: change its activation to ${ends[0]}, or to linear for logits`,
  );
}

/** What changes a loss, as it stands in a model's description. */
type LossTerms = Pick<ModelDescription, 'labelSmoothing' | 'classWeights'>;

interface AskedTerms {
  /** A model that was built before keeps its own. */
  model: ModelDescription | string | ((...args: never[]) => unknown);
  labelSmoothing?: number | undefined;
  classWeights?: number[] | undefined;
}

/**
 * @param loss undefined: the user's own
 * @param ofFile label smoothing that a model's file was compiled with; the option counts before it
 * @returns only what is there
 * @throws UserError where the loss has no such thing
 */
export function lossTerms(
  { model, labelSmoothing, classWeights }: AskedTerms,
  loss: LossName | undefined,
  ofFile: number | undefined,
): LossTerms {
  if (typeof model === 'object') return present(model.labelSmoothing, model.classWeights);
  const smoothing = labelSmoothing ?? ofFile;
  if (smoothing && loss !== 'categoricalCrossentropy' && loss !== 'binaryCrossentropy') {
    const remedy = 'leave it out, or give --loss categoricalCrossentropy or binaryCrossentropy';
    throw new UserError(
      `--label-smoothing ${smoothing} is for classes, and the loss is ${loss ?? 'your own'}: ${remedy}`,
      2,
    );
  }
  return present(smoothing, classWeights);
}

const present = (labelSmoothing: number | undefined, classWeights: number[] | undefined): LossTerms => ({
  ...(labelSmoothing ? { labelSmoothing } : {}),
  ...(classWeights ? { classWeights } : {}),
});
