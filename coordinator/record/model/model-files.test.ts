import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { build } from '../../../test/support/models/building.js';
import { refusalOf } from '../../../test/support/refusal.js';
import { writeModelFiles } from './model-files.js';

const root = temporaryFolder();
let folders = 0;
const newDir = () => {
  const dir = join(root, String(folders++));
  mkdirSync(dir);
  return dir;
};

function fileOf(json: unknown): string {
  const path = join(newDir(), 'model.json');
  writeFileSync(path, typeof json === 'string' ? json : JSON.stringify(json));
  return path;
}

/** As Keras writes it by `model.to_json()`: names with underscores, initializers in full. */
const keras = (units = 3, layer: object = {}) => ({
  class_name: 'Sequential',
  config: {
    name: 'from_keras',
    layers: [
      {
        class_name: 'Dense',
        config: {
          name: 'hidden',
          trainable: true,
          batch_input_shape: [null, 4],
          dtype: 'float32',
          units: 5,
          activation: 'relu',
          use_bias: true,
          kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
          bias_initializer: { class_name: 'Zeros', config: {} },
          ...layer,
        },
      },
      {
        class_name: 'Dense',
        config: {
          name: 'answer',
          units,
          activation: 'softmax',
          kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
        },
      },
    ],
  },
  keras_version: '2.13.1',
  backend: 'tensorflow',
});

/** What `tf.loadLayersModel` reads, from a folder instead of a URL. */
const fromFolder = (path: string): tf.io.IOHandler => ({
  async load() {
    const { modelTopology, weightsManifest } = JSON.parse(readFileSync(path, 'utf8'));
    const files = weightsManifest.flatMap(({ paths }: { paths: string[] }) =>
      paths.map((name) => readFileSync(join(dirname(path), name))),
    );
    const weightSpecs = weightsManifest.flatMap(({ weights }: { weights: object[] }) => weights);
    return { modelTopology, weightSpecs, weightData: Uint8Array.from(Buffer.concat(files)).buffer };
  },
});

describe('a model file from elsewhere', () => {
  const tfjs = (weightsManifest: unknown) =>
    fileOf({ modelTopology: { model_config: keras() }, weightsManifest });
  const weights = [{ name: 'hidden/kernel', shape: [4, 5], dtype: 'float32' }];

  it.each<[string, unknown, RegExp]>([
    [
      'names a file outside of its folder',
      [{ paths: ['../../../../../etc/passwd'], weights }],
      /not in the folder/,
    ],
    ['names a file by its whole path', [{ paths: ['/etc/passwd'], weights }], /not in the folder/],
    ['has a list that is none', { paths: 'all' }, /weightsManifest/],
    [
      'has weights of a negative size',
      [{ paths: ['w'], weights: [{ ...weights[0], shape: [-1] }] }],
      /shape/,
    ],
    [
      'has weights of no known type',
      [{ paths: ['w'], weights: [{ ...weights[0], dtype: 'code' }] }],
      /dtype/,
    ],
  ])('is refused if it %s', async (_what, manifest, words) => {
    expect(await refusalOf(build(tfjs(manifest)))).toMatch(words);
  });

  it('is refused if its weights are shorter than it says', async () => {
    const path = tfjs([{ paths: ['short.bin'], weights }]);
    writeFileSync(join(dirname(path), 'short.bin'), Buffer.alloc(10));
    expect(await refusalOf(build(path))).toMatch(/short\.bin are not what its manifest says/);
  });
});

describe('a model file', () => {
  it("in Keras' form is built, named by its file, and follows from the seed", async () => {
    const path = fileOf(keras());
    const { description, weights } = await build(path, { seed: 3 });
    expect(description.name).toBe(path);
    expect([description.inputShape, description.outputShape]).toEqual([[4], [3]]);
    expect(description.weights).toEqual([
      { name: 'hidden/kernel', shape: [4, 5], trainable: true },
      { name: 'hidden/bias', shape: [5], trainable: true },
      { name: 'answer/kernel', shape: [5, 3], trainable: true },
      { name: 'answer/bias', shape: [3], trainable: true },
    ]);
    expect((await build(path, { seed: 3 })).weights).toEqual(weights);
    expect((await build(path, { seed: 4 })).weights).not.toEqual(weights);
  });

  it('that leaves its initializers to their defaults follows from the seed too', async () => {
    const path = fileOf(keras(3, { kernel_initializer: undefined }));
    const { weights } = await build(path);
    expect((await build(path)).weights).toEqual(weights);
    expect((await build(path, { seed: 2 })).weights).not.toEqual(weights);
  });

  it('with the model in an outer object is read as well', async () => {
    const plain = await build(fileOf(keras()));
    for (const outer of [{ modelTopology: keras() }, { modelTopology: { model_config: keras() } }]) {
      expect((await build(fileOf(outer))).weights).toEqual(plain.weights);
    }
  });

  it("in TF.js' form, with its weights beside it, starts from these weights", async () => {
    const before = await build('mlp:5', { seed: 9 });
    const dir = newDir();
    await writeModelFiles(dir, before.description, before.weights);
    const { description, weights } = await build(join(dir, 'model.json'), { seed: 1 });
    expect(weights).toEqual(before.weights);
    expect(description.weights).toEqual(before.description.weights);
  });

  it('takes each weight by its name, in whatever order and groups the file lists them', async () => {
    const before = await build('mlp:5', { seed: 9 });
    const dir = newDir();
    await writeModelFiles(dir, before.description, before.weights);
    const json = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8'));
    const { slots } = layoutOf(before.description.weights);
    json.weightsManifest = [...slots].reverse().map(({ name, shape, offset, size }, i) => {
      writeFileSync(
        join(dir, `part${i}.bin`),
        Buffer.from(before.weights.slice(offset, offset + size).buffer),
      );
      return { paths: [`part${i}.bin`], weights: [{ name, shape, dtype: 'float32' }] };
    });
    writeFileSync(join(dir, 'model.json'), JSON.stringify(json));
    expect((await build(join(dir, 'model.json'))).weights).toEqual(before.weights);
  });

  it.each([
    ['not JSON', '{', /: .*JSON/],
    ['nothing', null, /not a layers model \(it has no class_name\)/],
    ['no topology', { modelTopology: null, model_config: null }, /not a layers model/],
    ['no model', { layers: [] }, /not a layers model \(it has no class_name\)/],
    [
      'an activation that nothing computes',
      keras(3, { activation: 'mystery' }),
      /^the model's layer 1 "hidden" \(Dense\): activation = "mystery" is unknown: change the model \(give one of linear,/,
    ],
    [
      'another input',
      keras(3, { batch_input_shape: [null, 7] }),
      /takes inputs of shape \[7\], made has \[4\]/,
    ],
    ['another number of classes', keras(4), /the model has 4 outputs, made 3 classes/],
  ])('is refused for %s', async (_, json, expected) => {
    expect(await refusalOf(build(fileOf(json)))).toMatch(expected);
  });

  it('is refused where it, or a file of its weights, is missing', async () => {
    const missing = join(root, 'nowhere.json');
    expect(await refusalOf(build(missing))).toBe(`--model ${missing}: no such file`);
    const manifest = [{ paths: ['gone.bin'], weights: [] }];
    const path = fileOf({ modelTopology: keras(), weightsManifest: manifest });
    expect(await refusalOf(build(path))).toContain('gone.bin');
  });

  it('is refused where its weights lack one, or have one of another shape', async () => {
    const before = await build('mlp:5');
    const dir = newDir();
    await writeModelFiles(dir, before.description, before.weights);
    const json = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8'));
    json.weightsManifest[0].weights[0].name = 'other';
    const path = join(dir, 'other.json');
    writeFileSync(path, JSON.stringify(json));
    expect(await refusalOf(build(path))).toBe('the model file has no weight dense_1/kernel of shape [4,5]');
    expect(basename(path)).toBe('other.json');
  });
});

describe('an exported model', () => {
  it.each(['mlp:5', 'cnn', 'resnet'])('%s gives the same predictions in plain TF.js', async (spec) => {
    const shape = spec === 'resnet' ? [8, 8, 1] : [10, 10, 1];
    const { description, weights } = await build(spec, { shape });
    // Trained weights are not the initial ones.
    for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! * 1.25 + 0.01;
    const dir = newDir();
    await writeModelFiles(dir, description, weights);
    const loaded = await tf.loadLayersModel(fromFolder(join(dir, 'model.json')));
    const ours = await tf.models.modelFromJSON(description.topology as never);
    for (const [i, { offset, size, shape }] of layoutOf(description.weights).slots.entries()) {
      ours.weights[i]!.write(tf.tensor(weights.slice(offset, offset + size), shape));
    }
    const x = tf.randomNormal([3, ...shape], 0, 1, 'float32', 7);
    const [expected, found] = [ours, loaded].map((model) => [...(model.predict(x) as tf.Tensor).dataSync()]);
    expect(found).toEqual(expected);
    expect(new Set(found).size).toBeGreaterThan(3);
  });
});

describe('a model from a function', () => {
  it('is built for the shapes of the data', async () => {
    const { description, weights } = await build(
      (tensorflow, { inputShape, outputs, outputActivation }) =>
        tensorflow.sequential({
          name: 'own',
          layers: [
            tensorflow.layers.dense({ inputShape, units: 6, activation: 'tanh', name: 'inner' }),
            tensorflow.layers.dropout({ rate: 0.5, seed: 3, name: 'drop' }),
            tensorflow.layers.dense({ units: outputs, activation: outputActivation, name: 'outer' }),
          ],
        }),
      { classes: 4 },
    );
    expect(description.name).toBe('own');
    expect(weights).toHaveLength(4 * 6 + 6 + 6 * 4 + 4);
    expect(description.layers.map(({ name }) => name)).toContain('drop');
    // A fixed seed would drop the same units in every step.
    expect(JSON.stringify(description.topology)).not.toContain('"seed":3');
  });

  it('whose shapes do not fit the data is refused, naming both', async () => {
    const wrong = build(({ sequential, layers }) =>
      sequential({ layers: [layers.dense({ inputShape: [9], units: 3 })] }),
    );
    expect(await refusalOf(wrong)).toBe(
      'the model takes inputs of shape [9], made has [4]: give another --model or --data',
    );
  });

  it('with two outputs is refused where the data have one', async () => {
    const two = build((tensorflow, { inputShape }) => {
      const inputs = tensorflow.input({ shape: inputShape });
      const head = () => tensorflow.layers.dense({ units: 3 }).apply(inputs) as tf.SymbolicTensor;
      return tensorflow.model({ inputs, outputs: [head(), head()] });
    });
    expect(await refusalOf(two)).toMatch(
      /^the model has one input and 2 outputs \(.+, .+\), .+ has one input and one output: give data with a part for each, by its name/,
    );
  });
});
