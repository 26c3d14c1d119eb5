/** What a model gives for records: probabilities of classes, or numbers in the unit of the label. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { AS_IT_IS, type LabelKind } from '../../../shared/data/manifest.js';
import { lastActivation, probabilitiesOf } from '../../../shared/models/last-activation.js';
import { UserError } from '../../../shared/user-error.js';
import type { OpenModel } from './open-model.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** Records that are predicted at once. */
const BATCH = 256;

/**
 * Rows of one value for each class, or of the numbers that are predicted, in the order of the records.
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

function compute({ tf, model, loss, records }: OpenModel, x: Float32Array, count: number): number[] {
  const { label, normalisation } = records;
  const output = tf.tidy(() => {
    const { scale, mean, std } = normalisation;
    // As engines do: engine/eager/model-step.ts.
    const factor = tf.tensor1d(std.map((deviation) => scale / deviation));
    const offset = tf.tensor1d(mean.map((value, i) => -value / std[i]!));
    const stored = tf.tensor(x, [count, ...records.x.shape]);
    const given = model.predict(tf.add(tf.mul(stored, factor), offset), {
      batchSize: count,
    }) as TensorFlow.Tensor;
    return Array.from((label.kind === 'value' ? given : probabilities(tf, model, given, label)).dataSync());
  });
  if (label.kind === 'class')
    return loss === 'binaryCrossentropy' ? output.flatMap((p) => [1 - p, p]) : output;
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
): TensorFlow.Tensor {
  if (kind === 'multilabel') return probabilitiesOf(tf, model, given, true);
  const shares = probabilitiesOf(tf, model, given);
  const isShared = given.shape.at(-1) === 1 || ['linear', 'softmax'].includes(lastActivation(model));
  return isShared ? shares : tf.div(shares, tf.sum(shares, -1, true));
}
