/** Models that are trained further: what stays, what is made anew, and what is refused. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { writeWeights } from '../../../../shared/models/write-weights.js';
import { layoutOf } from '../../../../shared/numerics/layout.js';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { build } from '../../../../test/support/models/building.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { writeModelFiles } from '../../../record/model/model-files.js';
import type { BuiltModel, ModelFunction } from '../topology/request.js';
import type { Tuning } from './tune.js';

const root = temporaryFolder();
let folders = 0;

/** A model with a branch, and a batch normalization that has seen something. */
const branched: ModelFunction = (tensorflow, { inputShape, outputs, outputActivation }) => {
  const { layers } = tensorflow;
  const input = tensorflow.input({ shape: inputShape });
  const one = layers.dense({ units: 5, activation: 'tanh', name: 'stem_1' }).apply(input);
  const two = layers.dense({ units: 5, name: 'stem_2' }).apply(input);
  const sum = layers.add().apply([one, two] as tf.SymbolicTensor[]);
  const normal = layers.batchNormalization({ name: 'normal' }).apply(sum);
  const logits = layers.dense({ units: outputs, name: 'answer' }).apply(normal);
  const output = layers.activation({ activation: outputActivation }).apply(logits);
  return tensorflow.model({ inputs: input, outputs: output as tf.SymbolicTensor });
};

/** @returns the path of its file, with weights that no initializer gives, and these */
async function trained(model: ModelFunction | string = branched, request = {}) {
  const built = await build(model, request);
  const weights = built.weights.map((_, i) => Math.fround(Math.abs(Math.sin(i)) + 0.1));
  const dir = join(root, String(folders++));
  await writeModelFiles(dir, built.description, weights);
  return { path: join(dir, 'model.json'), built: { ...built, weights } };
}

/** By the weight's name. */
function valuesOf({ description, weights }: Pick<BuiltModel, 'description' | 'weights'>) {
  const { slots } = layoutOf(description.weights);
  return new Map(slots.map(({ name, offset, size }) => [name, [...weights.subarray(offset, offset + size)]]));
}
const trainableOf = ({ description }: BuiltModel) =>
  description.weights.filter(({ trainable }) => trainable).map(({ name }) => name);

const tune = async (tuning: Partial<Tuning>, request = {}, model: ModelFunction | string = branched) => {
  const before = await trained(model);
  const after = await build(before.path, { ...request, tuning: { freeze: [], head: false, ...tuning } });
  return { before: before.built, after };
};

describe('a model that is trained further', () => {
  it('trains the layers that no pattern names, from the weights of the file', async () => {
    const { before, after } = await tune({ freeze: ['stem_*'] });
    expect(trainableOf(after)).toEqual([...['normal/gamma', 'normal/beta', 'answer/kernel', 'answer/bias']]);
    expect(valuesOf(after)).toEqual(valuesOf(before));
    expect(after.notes).toContain('layers that stay as they are: stem_1, stem_2');
  });

  it('gets a last layer for other classes, and keeps all that is before it', async () => {
    const { before, after } = await tune({ head: true, freeze: ['normal'] }, { classes: 7 });
    const [was, is] = [valuesOf(before), valuesOf(after)];
    for (const gone of ['answer/kernel', 'answer/bias']) was.delete(gone);
    expect(is.get('head/kernel')).toHaveLength(5 * 7);
    expect(is.get('head/bias')).toEqual(Array(7).fill(0));
    for (const made of ['head/kernel', 'head/bias']) is.delete(made);
    expect(is).toEqual(was);
    expect(after.description.outputShape).toEqual([7]);
    expect(after.notes).toContain('a new last layer, head, takes the place of answer');
  });

  it('computes what the file does up to the new last layer', async () => {
    const { before, after } = await tune({ head: true }, { classes: 7 });
    const x = tf.tensor2d(
      Array.from({ length: 12 }, (_, i) => Math.cos(i)),
      [3, 4],
    );
    const features = async ({ description, weights }: Pick<BuiltModel, 'description' | 'weights'>) => {
      const model = await tf.models.modelFromJSON(description.topology as never);
      writeWeights(tf, model, description.weights, weights);
      const { output } = model.getLayer('normal');
      const until = tf.model({ inputs: model.inputs, outputs: output as tf.SymbolicTensor });
      return [...(until.predict(x) as tf.Tensor).dataSync()];
    };
    expect(await features(after)).toEqual(await features(before));
  });

  it('gets the same last layer for the same seed', async () => {
    const { path } = (await trained()) as { path: string };
    const tuning = { freeze: [], head: true };
    const [one, again, other] = await Promise.all([
      ...[5, 5, 6].map((seed) => build(path, { classes: 4, seed, tuning })),
    ]);
    expect(again!.weights).toEqual(one!.weights);
    expect(other!.weights).not.toEqual(one!.weights);
  });

  it('predicts numbers after it has told classes apart', async () => {
    const { after } = await tune({ head: true }, { classes: 0 });
    expect(after.description).toMatchObject({ loss: 'meanSquaredError', outputShape: [1] });
  });

  it('may be one of the zoo, a sequence of layers', async () => {
    const { path } = await trained('mlp:6,5');
    const after = await build(path, { classes: 2, tuning: { freeze: ['dense_1'], head: true } });
    expect(trainableOf(after)).toEqual([...['dense_2/kernel', 'dense_2/bias', 'head/kernel', 'head/bias']]);
  });
});

describe('training a model further is refused', () => {
  it('for a pattern that names no layer, with the names that there are', async () => {
    expect(await refusalOf(tune({ freeze: ['stem_1', 'stam_2'] }))).toBe(
      '--freeze stam_2: no layer with weights is called so: there are stem_1, stem_2, normal, answer; did you mean stem_2?',
    );
  });

  it('where nothing is left to train', async () => {
    expect(await refusalOf(tune({ freeze: ['*'] }))).toContain('no weights that are trained');
  });

  it('of a model that begins with random weights', async () => {
    const tuning = { freeze: ['dense*'], head: false };
    expect(await refusalOf(build('mlp', { tuning }))).toMatch(
      /^--freeze and --head train a model further that has weights, and mlp begins with random ones/,
    );
  });

  it('where its last layer with weights is not Dense', async () => {
    const convolutional: ModelFunction = (tensorflow, { inputShape, outputs }) =>
      tensorflow.sequential({
        layers: [
          tensorflow.layers.conv1d({ filters: outputs, kernelSize: 1, inputShape, name: 'last' }),
          tensorflow.layers.globalAveragePooling1d({}),
          tensorflow.layers.activation({ activation: 'softmax' }),
        ],
      });
    const { path } = await trained(convolutional, { shape: [4, 2] });
    expect(await refusalOf(build(path, { shape: [4, 2], tuning: { freeze: [], head: true } }))).toContain(
      'the model ends in last (Conv1D)',
    );
  });

  it('where its outputs mean other classes, unless they are made anew', async () => {
    const built = await build(branched, { names: ['cat', 'dog', 'fox'] });
    const dir = join(root, String(folders++));
    const { description, weights } = built;
    const records = {
      ...{ x: { shape: [4], dtype: 'float32' as const }, y: { shape: [], dtype: 'int32' as const } },
      label: { kind: 'class' as const, classes: 3, names: ['cat', 'dog', 'fox'] },
      normalisation: { scale: 1, mean: [0], std: [1] },
    };
    await writeModelFiles(dir, description, weights, records);
    const path = join(dir, 'model.json');
    expect(await refusalOf(build(path, { names: ['dog', 'cat', 'fox'] }))).toMatch(
      /the model's classes are cat, dog, fox, and those of made are dog, cat, fox: --head gives it a new last layer/,
    );
    const tuning = { freeze: [], head: true };
    const { description: after } = await build(path, { names: ['dog', 'cat', 'fox'], tuning });
    expect(after.layers.at(-1)!.name).toBe('head');
  });
});
