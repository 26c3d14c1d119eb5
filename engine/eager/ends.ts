/**
 * The two ends of a training step: what the model is fed of stored records, and what each of its outputs is held
 * against. A model of several inputs or outputs is told them apart by the names of their parts; of one, the part is all.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelKind, Manifest, NamedParts, Normalization } from '../../shared/data/manifest.js';
import { inOrderOf, partPlaces } from '../../shared/data/named-parts.js';
import { inputNamesOf, outputNamesOf } from '../../shared/models/end-names.js';
import type { LossName } from '../../shared/numerics/losses.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

/** One output of the model, and how it is trained. */
export interface OutputStep {
  label: LabelKind;
  loss: LossName;
  /** What its loss counts in the sum over all outputs. */
  weight: number;
  /** Whether what the model gives is logits: see `takeLastActivation`. */
  fromLogits: boolean;
  labelSmoothing?: number | undefined;
}

interface Ends {
  tf: Tf;
  model: TensorFlow.LayersModel;
  manifest: Pick<Manifest, 'named' | 'normalisation'>;
}

/** What the model is given, of values as they are stored. @param x [n, ...shape of x] as float32 */
export function inputsOf({ tf, model, manifest }: Ends, x: Tensor): Tensor | Tensor[] {
  const { named, normalisation } = manifest;
  if (!named || named.inputs.length === 1) return normalized(tf, x, normalisation);
  const places = partPlaces(named.inputs);
  return inOrderOf(inputNamesOf(model), named.inputs).map(({ part, at }) =>
    normalized(tf, cut(x, places[at]!, part.shape), part.normalisation),
  );
}

/** Inputs in the order of the records, as the model takes them. */
export function givenTo(
  { model, manifest: { named } }: Omit<Ends, 'tf'>,
  inputs: readonly Tensor[],
): Tensor | Tensor[] {
  if (!named || inputs.length === 1) return inputs[0]!;
  return inOrderOf(inputNamesOf(model), named.inputs).map(({ at }) => inputs[at]!);
}

/** The targets of each output, in the order of the records. @param target [n, ...shape of y] */
export function targetsOf({ named }: Ends['manifest'], target: Tensor): Tensor[] {
  if (!named || named.outputs.length === 1) return [target];
  const places = partPlaces(named.outputs);
  return named.outputs.map(({ shape }, at) => cut(target, places[at]!, shape));
}

/** What the model gives, in the order of the records. */
export function outputsOf({ model, manifest: { named } }: Omit<Ends, 'tf'>, given: Given): Tensor[] {
  const tensors = [given].flat() as Tensor[];
  return named && tensors.length > 1 ? outputPlaces(model, named).map((at) => tensors[at]!) : tensors;
}

type Given = ReturnType<TensorFlow.LayersModel['apply']>;

/** Which output of the model each output of the records is. @throws Error if they are others */
export const outputPlaces = (model: TensorFlow.LayersModel, { outputs }: NamedParts): number[] =>
  inOrderOf(
    outputs.map(({ name }) => name),
    outputNamesOf(model).map((name) => ({ name })),
  ).map(({ at }) => at);

/** One part of flat records, in its own shape. */
function cut(flat: Tensor, { from, size }: { from: number; size: number }, shape: readonly number[]): Tensor {
  const samples = flat.shape[0]!;
  return flat.slice([0, from], [samples, size]).reshape([samples, ...shape]);
}

/** (v * scale - mean) / std as v * a + b. */
function normalized(tf: Tf, x: Tensor, { scale, mean, std }: Normalization): Tensor {
  const factor = tf.tensor1d(std.map((deviation) => scale / deviation));
  const offset = tf.tensor1d(mean.map((value, i) => -value / std[i]!));
  return tf.add(tf.mul(x, factor), offset);
}
