/** What a `.keras` file holds: weights where Keras 3 looks for them, and a configuration in its words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import * as h5 from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { layoutOf } from '../../../../shared/numerics/layout.js';
import { subjectOf } from '../../../../test/support/compiled/subject.js';
import { zoo } from '../../../../test/support/compiled/zoo.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { unzipped } from '../../../prepare/data/files/zip.js';
import { asTrained, portableModel } from '../portable-model.js';
import { kerasFile } from './keras.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  await h5.ready;
});

/** The values of datasets in an HDF5 file, by their paths. */
function datasets(bytes: Uint8Array, paths: readonly string[]): (number[] | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), 'swarmgrad-test-'));
  try {
    const path = join(folder, 'weights.h5');
    writeFileSync(path, bytes);
    const file = new h5.File(path, 'r');
    try {
      return paths.map((name) => {
        const found = file.get(name);
        return found instanceof h5.Dataset ? [...(found.value as Float32Array)] : undefined;
      });
    } finally {
      file.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const json = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes!).toString());

describe('a .keras file', () => {
  it('has the weights of each layer under the name of its class, counted', async () => {
    const { description, weights } = await zoo('cnn');
    const files = unzipped(await kerasFile(tf, asTrained(description, weights), { loss: 'x' }), 'm.keras');
    expect([...files.keys()]).toEqual([
      ...['metadata.json', 'config.json', 'model.weights.h5', 'swarmgrad.json'],
    ]);
    const { slots } = layoutOf(description.weights);
    const expected = slots.map(({ offset, size }) => [...weights.subarray(offset, offset + size)]);
    const names = ['conv2d', 'conv2d_1', 'dense', 'dense_1'];
    const paths = names.flatMap((name) => [`layers/${name}/vars/0`, `layers/${name}/vars/1`]);
    expect(datasets(files.get('model.weights.h5')!, paths)).toEqual(expected);
    expect(json(files.get('metadata.json')).keras_version).toMatch(/^3\./);
    expect(json(files.get('swarmgrad.json'))).toEqual({ loss: 'x' });
  });

  it('of a sequence begins with an input, and scales values as the model does', async () => {
    const { description, weights, data } = await zoo('mlp');
    const files = unzipped(await kerasFile(tf, portableModel(description, weights, data), {}), 'm.keras');
    const { class_name, config } = json(files.get('config.json'));
    expect(class_name).toBe('Sequential');
    expect(config.layers.slice(0, 2)).toMatchObject([
      { class_name: 'InputLayer', config: { batch_shape: [null, 20] } },
      { class_name: 'BatchNormalization', config: { name: 'swarmgrad_standardize', trainable: false } },
    ]);
    const [gamma] = datasets(files.get('model.weights.h5')!, ['layers/batch_normalization/vars/0']);
    expect(gamma).toHaveLength(20);
  });

  it('of a graph is a functional model', async () => {
    const { description, weights } = await zoo('resnet');
    const files = unzipped(await kerasFile(tf, asTrained(description, weights), {}), 'm.keras');
    const { class_name, config } = json(files.get('config.json'));
    expect([class_name, config.input_layers.length]).toEqual(['Functional', 1]);
  });

  it.each<[string, () => tf.layers.Layer, RegExp]>([
    [
      'an activation that is another',
      () => tf.layers.dense({ units: 2, activation: 'hardSigmoid', name: 'gate' }),
      /^layer gate \(Dense with activation hard_sigmoid\)/,
    ],
    [
      'a resizing that is another',
      () => tf.layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear', name: 'up' }),
      /^layer up \(UpSampling2D, bilinear\)/,
    ],
    [
      'a layer within a layer',
      () => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2 }), name: 'each' }),
      /^layer each \(TimeDistributed\)/,
    ],
  ])('is refused for %s in Keras 3', async (_, make, words) => {
    const { description, weights } = await subjectOf({
      model: ({ sequential, layers }, { outputs }) =>
        sequential({
          layers: [
            layers.reshape({ inputShape: [4, 4, 2], targetShape: [4, 4, 2] }),
            make(),
            layers.flatten(),
            layers.dense({ units: outputs, activation: 'softmax' }),
          ],
        }),
      x: { shape: [4, 4, 2], dtype: 'float32' },
    });
    expect(await refusalOf(kerasFile(tf, asTrained(description, weights), {}))).toMatch(words);
  });

  it('is refused for the layers of text models', async () => {
    const { description, weights } = await zoo('gpt:1,32,2');
    expect(await refusalOf(kerasFile(tf, asTrained(description, weights), {}))).toMatch(/TokenEmbedding/);
  });
});
