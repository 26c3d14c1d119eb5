/** Files that Keras wrote, read here: predictions are Keras' own (fixtures/make-models.py). */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { strToU8, zipSync } from 'fflate';
import * as h5 from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerLayers } from '../../../../../shared/models/layers.js';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { build } from '../../../../../test/support/models/building.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { unzipped } from '../../../data/files/zip.js';
import { endsOf } from '../../ends.js';
import { checkLayers } from '../../layers/check.js';
import { freezeStored } from '../../layers/frozen.js';
import { setWeights } from '../given-weights.js';
import { readModelFile } from '../read.js';
import { uniquelyNamed } from '../unique-names.js';
import { loadH5 } from './hdf5.js';

interface Numbers {
  shape: number[];
  values: number[];
}

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const root = temporaryFolder();
const cases = [3, 2].flatMap((version) => {
  const { models } = JSON.parse(readFileSync(join(fixtures, `keras${version}.json`), 'utf8'));
  return Object.entries(models as Record<string, { inputs: Numbers; outputs: Numbers }>).map(
    ([name, told]) => [version, name, told] as const,
  );
});

beforeAll(async () => {
  await tf.setBackend('cpu');
  registerLayers(tf);
});

function fixture(name: string): string {
  const path = join(fixtures, 'models', name);
  if (name.endsWith('.keras')) return path;
  const unpacked = join(root, basename(name));
  writeFileSync(unpacked, gunzipSync(readFileSync(`${path}.gz`)));
  return unpacked;
}

/** The model as training begins with it. */
async function loaded(path: string): Promise<tf.LayersModel> {
  const { topology: stored, weights } = await readModelFile(path);
  checkLayers(stored, (name) => name in tf.serialization.SerializationMap.getMap().classNameMap);
  const { topology, before } = uniquelyNamed(stored);
  const model = await tf.models.modelFromJSON(freezeStored(topology) as never);
  setWeights(tf, model, { weights: weights!, namesBefore: before });
  return model;
}

describe('a model predicts what Keras does', () => {
  it.each(cases)('Keras %s: %s', async (_version, name, { inputs, outputs }) => {
    const model = await loaded(fixture(name));
    const found = model.predict(tf.tensor(inputs.values, inputs.shape)) as tf.Tensor;
    expect(found.shape).toEqual(outputs.shape);
    const far = [...found.dataSync()].map((value, i) => Math.abs(value - outputs.values[i]!));
    expect(Math.max(...far)).toBeLessThan(1e-5);
  });
});

describe('a .keras file is a model to train', () => {
  it('with its weights, its loss and its end', async () => {
    const path = fixture('cnn.keras');
    const { description, weights, notes } = await build(path, { shape: [6, 6, 1] });
    expect([description.loss, description.weights.length]).toEqual(['categoricalCrossentropy', 9]);
    expect(notes.join('\n')).toMatch(/optimizer adam.* is not taken over/i);
    const { weights: stored } = await readModelFile(path);
    expect(new Set(weights)).toEqual(new Set(stored!.flatMap(({ values }) => [...values])));
    const shapes = { x: { shape: [6, 6, 1], dtype: 'float32' }, y: { shape: [], dtype: 'int32' } } as const;
    const label = { kind: 'class', classes: 3 } as const;
    const { output } = await endsOf(path, { ...shapes, label } as never, undefined);
    expect(output).toMatchObject({ why: 'ends in softmax' });
  });

  it('with layers that stay as they are', async () => {
    const { description } = await build(fixture('frozen.keras'), { shape: [3], classes: 2 });
    const frozen = description.weights.filter((weight) => weight.frozen).map(({ name }) => name);
    expect(frozen.map((name) => name.split('/').at(-1))).toEqual([
      ...['kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance'],
    ]);
  });
});

const bytesOf = (name: string) => readFileSync(fixture(name));
let files = 0;
function written(bytes: Uint8Array, ending: string): string {
  const path = join(root, `bad${files++}${ending}`);
  writeFileSync(path, bytes);
  return path;
}

/** An archive with its configuration changed, as a text. */
function changed(name: string, change: (config: string) => string): string {
  const entries = unzipped(bytesOf(name), name);
  const config = Buffer.from(entries.get('config.json')!).toString();
  expect(change(config)).not.toBe(config);
  return written(
    zipSync({ ...Object.fromEntries(entries), 'config.json': strToU8(change(config)) }),
    '.keras',
  );
}

async function hdf5(fill: (file: h5.File) => void): Promise<string> {
  await h5.ready;
  const path = join(root, `bad${files++}.h5`);
  const file = new h5.File(path, 'w');
  fill(file);
  file.close();
  return path;
}

const only = (name: string) => (bytes: Uint8Array) => {
  const entries = [...unzipped(bytes, name)].filter(([entry]) => entry === name);
  return zipSync(Object.fromEntries(entries));
};

describe('a file of Keras is refused', () => {
  it.each<[string, () => string | Promise<string>, RegExp]>([
    [
      'cut off, as an archive',
      () => written(bytesOf('cnn.keras').subarray(0, 20_000), '.keras'),
      /no complete ZIP archive/,
    ],
    [
      'cut off, as HDF5',
      () => written(bytesOf('cnn.h5').subarray(0, 9_000), '.h5'),
      /no whole HDF5 file \(truncated file/,
    ],
    [
      'with a pickle in its place',
      () => written(Buffer.from('80049503', 'hex'), '.h5'),
      /neither a ZIP archive, .*nor HDF5, nor JSON/,
    ],
    [
      'as an archive of PyTorch',
      () => written(zipSync({ 'archive/data.pkl': strToU8('x') }), '.keras'),
      /no \.keras file: the archive has no config\.json/,
    ],
    [
      'without weights',
      () => written(only('config.json')(bytesOf('cnn.keras')), '.keras'),
      /has no model\.weights\.h5: it was saved without weights/,
    ],
    [
      'without weights, as HDF5',
      () => hdf5((file) => file.create_attribute('model_config', '{}')),
      /was saved without weights/,
    ],
    [
      'with weights alone',
      () => fixture('weights.weights.h5'),
      /holds weights alone: give it as --from, with the model's layers as --model/,
    ],
    [
      'with a layer of another size',
      () => changed('cnn.keras', (text) => text.replace('"units": 3', '"units": 4')),
      /weight dense\S*\/kernel has shape \[16,3\], its layer needs \[16,4\]/,
    ],
    [
      'with a layer of another kind',
      () => changed('cnn.keras', (text) => text.replaceAll('"Conv2D"', '"Conv3DX"')),
      /layer 2 "conv2d\S*" \(Conv3DX\): there is no such layer here: .*use some of InputLayer, Dense/,
    ],
    [
      'with a Lambda',
      () => changed('masking.keras', (text) => text.replaceAll('"Masking"', '"Lambda"')),
      /layer 2 "masking" \(Lambda\): there is no such layer here/,
    ],
    [
      'with states that last',
      () => changed('masking.keras', (text) => text.replace('"stateful": false', '"stateful": true')),
      /stateful = true would be ignored/,
    ],
    [
      'with a penalty on what a layer gives',
      () =>
        changed('masking.keras', (text) =>
          text.replace('"activity_regularizer": null', '"activity_regularizer": "l2"'),
        ),
      /activity_regularizer = .* would be ignored/,
    ],
    [
      'with a mask that ends otherwise',
      () => changed('masking.keras', (text) => text.replaceAll('"GRU"', '"ZeroPadding1D"')),
      /"gru\S*" \(ZeroPadding1D\) has a mask, which Keras honors there in its own way/,
    ],
    [
      'with pictures that are scaled otherwise',
      () => changed('images.keras', (text) => text.replace('"nearest"', '"bilinear"')),
      /"up_sampling2d\S*" \(UpSampling2D\) lays the corners/,
    ],
    [
      'of a class of its own',
      () => written(zipSync({ 'config.json': strToU8('{"class_name":"Mine","config":{}}') }), '.keras'),
      /of a class of its own \(Mine\)/,
    ],
  ])('%s', async (_, make, words) => {
    const path = await make();
    const refusal = await refusalOf(loaded(path));
    expect(refusal).toMatch(words);
    expect(refusal).not.toContain('\n');
  });
});

it('a missing h5wasm is told with the remedy', async () => {
  const missing = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }));
  expect(await refusalOf(loadH5('a.h5', missing))).toBe('a.h5 needs h5wasm to be read: npm install h5wasm');
});
