/** What is exported takes the user's own values and gives predictions in the user's own unit, in plain TF.js. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeWeights } from '../../../shared/models/write-weights.js';
import { tableFiles } from '../../../test/support/files/csv-files.js';
import type { DataSet } from '../../prepare/data/source.js';
import { openData } from '../../prepare/data/sources/sources.js';
import { endsOfTopology } from '../../prepare/model/ends.js';
import { headOf } from '../../prepare/model/topology/reference.js';
import type { ModelSource } from '../../prepare/model/topology/request.js';
import { buildTopology } from '../../prepare/model/topology/topology.js';
import { portableModel } from './portable-model.js';

const fileOf = tableFiles();

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Predictions on the training records: by the model as it was trained, and by what is exported, on `raw` values. */
async function predictions(data: DataSet, model: ModelSource, raw: ArrayLike<number>) {
  const { description, weights } = await buildTopology({
    model,
    data: headOf(data),
    loss: undefined,
    seed: 3,
  });
  const trained = await tf.models.modelFromJSON(description.topology as never);
  writeWeights(tf, trained, description.weights, weights);
  const { topology, weights: specs, values, metadata } = portableModel(description, weights, data);
  const loaded = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: JSON.parse(JSON.stringify(topology)),
      weightSpecs: specs.map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })),
      weightData: values.slice().buffer,
    }),
  );
  const predict = (of: tf.LayersModel, values: ArrayLike<number>) =>
    Array.from(
      (
        of.predict(tf.tensor(Float32Array.from(values), [data.train.count, ...data.x.shape])) as tf.Tensor
      ).dataSync(),
    );
  const { scale, mean, std } = data.normalisation;
  const fed = Array.from(
    data.train.x,
    (value, i) => (value * scale - mean[i % mean.length]!) / std[i % std.length]!,
  );
  return { expected: predict(trained, fed), exported: predict(loaded, raw), topology, metadata, description };
}

function expectClose(exported: number[], expected: number[], tolerance = 1e-5): void {
  expect(exported).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(exported[i]! - value)).toBeLessThan(tolerance);
}

const branches: ModelSource = (tensorflow, { inputShape, outputs, outputActivation }) => {
  const input = tensorflow.input({ shape: inputShape });
  const one = tensorflow.layers.dense({ units: 4, activation: 'tanh' }).apply(input);
  const two = tensorflow.layers.dense({ units: 4 }).apply(input);
  const sum = tensorflow.layers.add().apply([one, two] as tf.SymbolicTensor[]);
  const output = tensorflow.layers.dense({ units: outputs, activation: outputActivation }).apply(sum);
  return tensorflow.model({ inputs: input, outputs: output as tf.SymbolicTensor });
};
const nested: ModelSource = (tensorflow, { inputShape, outputs, outputActivation }) =>
  tensorflow.sequential({
    layers: [
      tensorflow.sequential({
        layers: [tensorflow.layers.dense({ units: 3, inputShape, activation: 'relu' })],
      }),
      tensorflow.layers.dense({ units: outputs, activation: outputActivation }),
    ],
  });
const MODELS: [string, ModelSource][] = [
  ['a zoo model', 'mlp:5'],
  ['a graph whose input goes two ways', branches],
  ['a nested model', nested],
];

describe('an exported model of a table', () => {
  // Values that float32 holds exactly, at very different scales.
  const rows = Array.from({ length: 9 }, (_, i) => [
    65_536 + i,
    (i * i) / 2 ** 30,
    (i % 3) * 2 ** 30,
    i * 1000 + 5,
  ]);
  const raw = rows.flatMap((row) => row.slice(0, 3));

  it.each(MODELS)('(%s) gives the same classes for raw rows, and tells their names', async (_, model) => {
    const names = ['cat', 'dog', 'owl'];
    const text = `a,b,c,kind\n${rows.map((row, i) => [...row.slice(0, 3), names[i % 3]].join(',')).join('\n')}`;
    const file = fileOf(text);
    const data = await openData(`csv:${file}?testfile=${file}`);
    const { expected, exported, metadata, topology } = await predictions(data, model, raw);
    expectClose(exported, expected);
    expect(metadata).toEqual({
      loss: 'categoricalCrossentropy',
      task: 'classification',
      classes: names,
      label: 'kind',
      features: ['a', 'b', 'c'],
      columnsNamed: true,
      input: {
        ...{ shape: [3], dtype: 'float32' },
        scaling: data.columns!.features.map(({ mean, std }) => ({ mean, std })),
      },
      scaledBy: 'model',
    });
    expect(endsOfTopology(topology).input).toEqual({
      layer: 'swarmgrad_standardize',
      takes: 'values as they are',
    });
  });

  it.each(MODELS)('(%s) predicts in the unit of the target', async (_, model) => {
    const file = fileOf(`a,b,c,price\n${rows.map((row) => row.join(',')).join('\n')}`);
    const data = await openData(`csv:${file}?testfile=${file}&task=regression`);
    const { expected, exported, topology } = await predictions(data, model, raw);
    const { mean, std } = (data.label as { scaling: { mean: number; std: number } }).scaling;
    expectClose(
      exported,
      expected.map((value) => value * std + mean),
      1e-5 * std,
    );
    expect(endsOfTopology(topology).output?.layer).toBe('swarmgrad_to_unit');
  });

  it('tells of columns of texts, and of what stands for missing values', async () => {
    const lines = rows.map(([a], i) => `${i % 4 ? a : ''},${['red', 'blue'][i % 2]},${i % 3}`);
    const file = fileOf(`a,color,kind\n${lines.join('\n')}`);
    const data = await openData(
      `csv:${file}?testfile=${file}&categories=onehot&missing=mean&unknown=zeros&normalize=none`,
    );
    const { expected, exported, metadata } = await predictions(data, 'linear', data.train.x);
    expectClose(exported, expected);
    expect(metadata).toMatchObject({
      features: ['a', 'color=blue', 'color=red'],
      categories: { color: ['blue', 'red'] },
      fill: { a: 65_540 },
      unknown: 'zeros',
    });
  });

  it('gives several numbers in the unit of the target', async () => {
    const many = (values: number[], count: number): DataSet['train'] => ({
      count,
      x: Float32Array.from(values),
      y: new Float32Array(2 * count),
    });
    const data: DataSet = {
      name: 'two numbers',
      x: { shape: [3], dtype: 'float32' },
      y: { shape: [2], dtype: 'float32' },
      label: { kind: 'value', scaling: { mean: 100, std: 7 } },
      normalisation: { scale: 1, mean: [0], std: [1] },
      train: many([1, 2, 3, -1, 0.5, 0], 2),
      test: many([1, 2, 3], 1),
    };
    const { expected, exported } = await predictions(data, 'mlp:5', [1, 2, 3, -1, 0.5, 0]);
    expect(exported).toHaveLength(4);
    expectClose(
      exported,
      expected.map((value) => value * 7 + 100),
      1e-4,
    );
  });

  it('has no layer more where nothing was scaled', async () => {
    const file = fileOf(
      `a,b,c,kind\n${rows.map((row, i) => [...row.slice(0, 3), i % 2].join(',')).join('\n')}`,
    );
    const data = await openData(`csv:${file}?testfile=${file}&normalize=none`);
    const { topology, description } = await predictions(data, 'mlp:5', raw);
    expect(topology).toEqual(description.topology);
  });
});

it.each([1, 3])(
  'an exported model of pictures with %d channels takes pixels from 0 to 255',
  async (channels) => {
    const pixels = Uint8Array.from({ length: 4 * 6 * 6 * channels }, (_, i) => (i * 37) % 256);
    const records = { count: 4, x: pixels, y: Uint8Array.of(0, 1, 2, 0) };
    const data: DataSet = {
      name: 'pictures',
      x: { shape: [6, 6, channels], dtype: 'uint8' },
      y: { shape: [], dtype: 'uint8' },
      label: { kind: 'class', classes: 3 },
      normalisation: {
        scale: 1 / 255,
        mean: [0.5, 0.4, 0.3].slice(0, channels),
        std: [0.2, 0.3, 0.1].slice(0, channels),
      },
      train: records,
      test: records,
    };
    const { expected, exported } = await predictions(data, 'mlp:5', pixels);
    expectClose(exported, expected);
  },
);
