/** Layers of nested models that share their names: what is written has unique ones, and can be read again. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { build } from '../../../../test/support/models/building.js';
import { writeModelFiles } from '../../../record/model/model-files.js';
import { uniquelyNamed } from './unique-names.js';

const root = temporaryFolder();
const dense = (name: string, units: number, more: object = {}) => ({
  class_name: 'Dense',
  config: { name, units, activation: 'relu', ...more },
});
const input = (width: number) => ({ batch_input_shape: [null, width] });
const sequential = (name: string, ...layers: object[]) => ({
  class_name: 'Sequential',
  config: { name, layers },
});
const functional = (name: string, width: number, ...layers: { config: { name: string } }[]) => {
  const names = ['input', ...layers.map(({ config }) => config.name)];
  const first = { class_name: 'InputLayer', config: { name: 'input', ...input(width) } };
  return {
    class_name: 'Functional',
    config: {
      name,
      layers: [first, ...layers].map((layer, i) => ({
        ...layer,
        name: names[i],
        inbound_nodes: i === 0 ? [] : [[[names[i - 1], 0, 0, {}]]],
      })),
      input_layers: [['input', 0, 0]],
      output_layers: [[names.at(-1), 0, 0]],
    },
  };
};

const NESTED = sequential(
  'outer',
  sequential('encoder', dense('dense', 4, input(4)), dense('dense_1', 4)),
  functional('middle', 4, dense('dense', 4), dense('dense_1', 4)),
  sequential('head', dense('dense', 4, input(4)), dense('dense_1', 3, { activation: 'softmax' })),
);

function write(name: string, json: object): string {
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, 'model.json'), JSON.stringify(json));
  return join(root, name, 'model.json');
}

it('layers of one name are told apart by their models, also in what is written of a run', async () => {
  const { description, weights } = await build(write('nested', NESTED));
  const names = description.weights.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['dense/kernel', 'middle_dense/kernel', 'head_dense_1/bias']));

  const dir = join(root, 'export');
  await writeModelFiles(dir, description, weights);
  const again = await build(join(dir, 'model.json'), { seed: 9 });
  expect(again.weights).toEqual(weights);

  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8'));
  const bytes = readFileSync(join(dir, weightsManifest[0].paths[0]));
  const artifacts = {
    modelTopology,
    weightSpecs: weightsManifest[0].weights,
    weightData: Uint8Array.from(bytes).buffer,
  };
  const plain = await tf.loadLayersModel({ load: async () => artifacts });
  expect(plain.weights.flatMap((weight) => [...weight.read().dataSync()])).toEqual([...weights]);
});

it('a file whose weights bear the names from before, with their models, fills the right layers', async () => {
  const path = write('stored', NESTED);
  const places = ['head', 'encoder', 'middle'].flatMap((model) =>
    ['dense', 'dense_1'].map((layer) => ({
      model,
      layer,
      units: model === 'head' && layer === 'dense_1' ? 3 : 4,
    })),
  );
  const stored = places.flatMap(({ model, layer, units }, i) => [
    { name: `${model}/${layer}/kernel`, shape: [4, units], value: i + 1 },
    { name: `${model}/${layer}/bias`, shape: [units], value: -i - 1 },
  ]);
  const values = stored.flatMap(({ shape, value }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return Array.from({ length: size }, () => value);
  });
  writeFileSync(join(root, 'stored', 'w.bin'), new Uint8Array(Float32Array.from(values).buffer));
  const manifest = [
    { paths: ['w.bin'], weights: stored.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
  ];
  writeFileSync(path, JSON.stringify({ modelTopology: NESTED, weightsManifest: manifest }));
  const { description, weights } = await build(path);
  let offset = 0;
  const first: Record<string, number> = {};
  for (const { name, shape } of description.weights) {
    first[name] = weights[offset]!;
    offset += shape.reduce((product, length) => product * length, 1);
  }
  expect(first['dense/kernel']).toBe(3);
  expect(first['middle_dense_1/bias']).toBe(-6);
  expect(first['head_dense/kernel']).toBe(1);
});

it('a model from a function gets unique names too', async () => {
  const { description } = await build((tensorflow, { inputShape, outputs }) => {
    const nested = (units: number, shape: number[]) => {
      const layer = tensorflow.layers.dense({ inputShape: shape, units, name: 'same' });
      return tensorflow.sequential({ layers: [layer] });
    };
    const model = tensorflow.sequential();
    model.add(nested(5, inputShape));
    model.add(nested(outputs, [5]));
    model.add(tensorflow.layers.softmax());
    return model;
  });
  expect(new Set(description.weights.map(({ name }) => name)).size).toBe(4);
});

it('names that are unique stay as they are', () => {
  const plain = sequential('outer', sequential('inner', dense('a', 2)), dense('b', 3));
  expect(uniquelyNamed(plain)).toEqual({ topology: plain, before: new Map() });
});
