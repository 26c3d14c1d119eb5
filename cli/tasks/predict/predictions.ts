/** What a model gives for records: probabilities of classes, or numbers in the unit of the label. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { inputsOf, outputPlaces, outputsOf } from '../../../engine/eager/ends.js';
import { AS_IT_IS, type LabelKind } from '../../../shared/data/manifest.js';
import { hasSeveralOutputs } from '../../../shared/data/named-parts.js';
import { lastActivation, probabilitiesOf } from '../../../shared/models/last-activation.js';
import { UserError } from '../../../shared/user-error.js';
import type { OpenModel } from './open-model.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** Records that are predicted at once. */
const BATCH = 256;

/**
 * Rows of one value for each class, or of the numbers that are predicted, in the order of the records; of several outputs
 * one after the other.
 * @throws UserError for a record of which the model gives no number
 */
export async function* predictions(opened: OpenModel, inputs: UnlabeledRecords): AsyncGenerator<number[]> {
  const size = inputs.x.length / inputs.count;
  for (let from = 0; from < inputs.count; from += BATCH) {
    const to = Math.min(from + BATCH, inputs.count);
    const x = Float32Array.from(inputs.x.subarray(from * size, to * size));
    const values = await onSomeBackend(opened, x, to - from);
    const width = values.length / (to - from);
    for (let record = 0; record < to - from; record++) {
      const row = values.slice(record * width, (record + 1) * width);
      if (!row.every(Number.isFinite))
        throw new UserError(
          `row ${inputs.rows[from + record]}: the model gives ${row.find((value) => !Number.isFinite(value))}: its weights or the values are beyond what it can compute`,
        );
      yield row;
    }
  }
}

/** TF.js's wasm backend lacks some kernels that its `cpu` has. */
async function onSomeBackend(opened: OpenModel, x: Float32Array, count: number): Promise<number[]> {
  const { tf } = opened;
  try {
    return compute(opened, x, count);
  } catch (error) {
    if (tf.getBackend() === 'cpu') throw error;
    await tf.setBackend('cpu');
    return compute(opened, x, count);
  }
}

/** @returns for each record the numbers of all outputs, in the order of the run's data */
function compute(opened: OpenModel, x: Float32Array, count: number): number[] {
  const { tf, model, records } = opened;
  const { named, label } = records;
  const outputs = tf.tidy(() => {
    const stored = tf.tensor(x, [count, ...records.x.shape]);
    const given = model.predict(inputsOf({ tf, model, manifest: records }, stored), { batchSize: count });
    const places = hasSeveralOutputs(named) ? outputPlaces(model, named) : [0];
    const labels = hasSeveralOutputs(named) ? named.outputs.map((part) => part.label) : [label];
    return outputsOf({ model, manifest: records }, given).map((output, at) =>
      inUnits(opened, output, at, labels[at]!, places[at]!),
    );
  });
  if (outputs.length === 1) return outputs[0]!;
  const each = outputs.map((values) => values.length / count);
  return Array.from({ length: count }, (_, record) =>
    outputs.flatMap((values, at) => values.slice(record * each[at]!, (record + 1) * each[at]!)),
  ).flat();
}

/** Probabilities of classes, or numbers as the user has them. @param at which output. @param place it in the model */
function inUnits(
  { tf, model, losses }: OpenModel,
  given: TensorFlow.Tensor,
  at: number,
  label: LabelKind,
  place: number,
): number[] {
  const told = label.kind === 'value' ? given : probabilities(tf, model, given, label, place);
  const output = Array.from(told.dataSync());
  if (label.kind === 'class')
    return losses[at] === 'binaryCrossentropy' ? output.flatMap((p) => [1 - p, p]) : output;
  if (label.kind === 'multilabel') return output;
  const { mean, std } = label.scaling ?? AS_IT_IS;
  return output.map((value) => value * std + mean);
}

/** Another end than softmax and sigmoid is divided by its sum, as in the loss. */
function probabilities(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  given: TensorFlow.Tensor,
  { kind }: LabelKind,
  at: number,
): TensorFlow.Tensor {
  const shares = probabilitiesOf(tf, model, given, kind === 'multilabel', at);
  if (kind === 'multilabel') return shares;
  const isShared = given.shape.at(-1) === 1 || ['linear', 'softmax'].includes(lastActivation(model, at));
  return isShared ? shares : tf.div(shares, tf.sum(shares, -1, true));
}
