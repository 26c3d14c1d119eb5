/** How each output of a model is trained: its target in the data, its loss, and what that counts. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { TrainedOutput } from '../../../../shared/models/description.js';
import { inputNamesOf, outputNamesOf } from '../../../../shared/models/end-names.js';
import { MAX_OUTPUTS } from '../../../../shared/protocol/sizes.js';
import { UserError } from '../../../../shared/user-error.js';
import type { ChosenLoss } from '../file/training-config.js';
import { lossesAsked, lossWeightsAsked } from '../traced/loss-per-output.js';
import { isOwnLoss } from '../traced/own-function.js';
import { checkEnd, checkOutput, defaultLoss, type Target } from './fit.js';
import type { DataHead } from './reference.js';
import type { BuildRequest } from './request.js';

/** The targets of the model's outputs, in the order of the records. @throws UserError naming the parts on both sides */
export function targetsOf(model: TensorFlow.LayersModel, data: DataHead): Target[] {
  const { named, name, label, y } = data;
  const inputs = named?.inputs.map((part) => part.name) ?? [];
  const outputs = named?.outputs.map((part) => part.name) ?? [];
  const ofModel = outputNamesOf(model);
  const takenIn = inputNamesOf(model);
  // One may have any name.
  const isOther = (own: readonly string[], given: readonly string[]) =>
    own.length === 1 ? given.length > 1 : [...own].sort().join() !== [...given].sort().join();
  if (isOther(takenIn, inputs) || isOther(ofModel, outputs)) {
    const listed = (names: readonly string[], what: string) =>
      names.length > 1 ? `${names.length} ${what}s (${names.join(', ')})` : `one ${what}`;
    throw new UserError(
      `the model has ${listed(takenIn, 'input')} and ${listed(ofModel, 'output')}, ${name} has ${listed(inputs, 'input')} and ${listed(outputs, 'output')}: give data with a part for each, by its name (npz:FILE with arrays of these names, or data: { train: { x: { ... }, y: { ... } } })`,
      2,
    );
  }
  if (ofModel.length === 1) return [{ title: name, label, y: y.shape }];
  return named!.outputs.map((part) => ({
    ...{ title: `output ${part.name} of ${name}`, label: part.label, y: part.shape },
  }));
}

/** @throws UserError for options that are for one output */
function refuseForSeveral({ loss, classWeights, scores, tuning }: BuildRequest): void {
  const refuse = (what: string, remedy: string) => {
    throw new UserError(`${what} is for a model with one output: ${remedy}`, 2);
  };
  if (isOwnLoss(loss)) refuse('a loss of your own', 'give --loss OUTPUT=NAME,...');
  if (classWeights) refuse('--class-weight', 'leave it out, and give records weights instead');
  if (scores) refuse('--metrics', 'leave it out: evaluations tell loss and metric of each output');
  if (tuning?.head) refuse('--head', 'leave it out, or change the model file');
}

/**
 * @param targets in the order of the records
 * @param trains what a file says of each output, in the order of the model
 * @returns each output's loss, weight and label smoothing, in the order of the records
 * @throws UserError where a loss does not fit its output or its targets
 */
export function trainedOutputs(
  model: TensorFlow.LayersModel,
  request: BuildRequest,
  targets: readonly Target[],
  trains: readonly ChosenLoss[] | undefined,
): TrainedOutput[] {
  const names = request.data.named!.outputs.map(({ name }) => name);
  if (typeof request.model === 'object') return request.model.outputs!;
  refuseForSeveral(request);
  const ofModel = outputNamesOf(model);
  if (new Set(ofModel).size < ofModel.length)
    throw new UserError(
      `the model has two outputs of layer ${ofModel.find((name, at) => ofModel.indexOf(name) !== at)}: give each output a layer of its own`,
    );
  if (names.length > MAX_OUTPUTS)
    throw new UserError(`the model has ${names.length} outputs: at most ${MAX_OUTPUTS} can be trained`);
  const losses = lossesAsked(isOwnLoss(request.loss) ? undefined : request.loss, names);
  const weights = lossWeightsAsked(request.lossWeights, names);
  const outputs = names.map((name, at): TrainedOutput => {
    const place = ofModel.indexOf(name);
    const stored = trains?.[place];
    const loss = stored?.loss ?? losses[at] ?? defaultLoss(model.outputs[place]!, targets[at]!);
    checkOutput(model, place, targets[at]!, loss);
    checkEnd(model, loss, targets[at]!, stored?.fromLogits, place);
    const isSmoothed = loss === 'categoricalCrossentropy' || loss === 'binaryCrossentropy';
    const smoothing = isSmoothed ? (request.labelSmoothing ?? stored?.labelSmoothing) : undefined;
    return {
      ...{ name, loss, weight: weights[at] ?? stored?.weight ?? 1 },
      ...(smoothing ? { labelSmoothing: smoothing } : {}),
    };
  });
  if (request.labelSmoothing && outputs.every(({ labelSmoothing }) => !labelSmoothing))
    throw new UserError(
      `--label-smoothing ${request.labelSmoothing} is for classes, and no output has a cross-entropy: leave it out`,
      2,
    );
  return outputs;
}
