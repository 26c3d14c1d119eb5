/** `--from` beside `--model`: what fits is taken by name, and all that does not is refused by name. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { build } from '../../../../test/support/models/building.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { archivedConfig } from './keras/archive.js';

const root = temporaryFolder();
const models = join(dirname(fileURLToPath(import.meta.url)), 'keras', 'fixtures', 'models');

function fixture(name: string): string {
  const path = join(models, name);
  if (!name.endsWith('.h5')) return path;
  writeFileSync(join(root, name), gunzipSync(readFileSync(`${path}.gz`)));
  return join(root, name);
}

/** The layers of a file, without its weights. */
function layersOf(name: string, change = (text: string) => text): string {
  const path = join(root, `${name}-${files++}.json`);
  writeFileSync(path, change(JSON.stringify(archivedConfig(readFileSync(fixture(name)), name))));
  return path;
}
let files = 0;

const CNN = { shape: [6, 6, 1] };
const NESTED = { shape: [4], classes: 8 };

it.each<[string, string, string, object]>([
  ['.keras', 'cnn.keras', 'cnn.keras', CNN],
  ['safetensors, as Python wrote them', 'cnn.keras', 'cnn.safetensors', CNN],
  ['.weights.h5 of Keras 3', 'weights.keras', 'weights.weights.h5', NESTED],
])('weights of %s fill the layers of another file', async (_, model, from, request) => {
  const whole = await build(fixture(model), request);
  const path = fixture(from);
  const { description, weights, notes } = await build(layersOf(model), { ...request, from: path });
  expect(weights).toEqual(whole.weights);
  const { length } = description.weights;
  expect(notes.join('\n')).toMatch(new RegExp(`--from ${path}: all ${length} weights fit: .*kernel`));
});

it.each(['weights_2.weights.h5', 'former.h5'])('weights of Keras 2 alone: %s', async (name) => {
  const whole = fixture('weights_2.h5');
  const expected = await build(whole, CNN);
  const { weights } = await build(whole, { ...CNN, from: fixture(name) });
  expect(weights).toEqual(expected.weights);
});

it('a layer of another size is told with all that fits, and --head leaves its weights out', async () => {
  const wider = layersOf('cnn.keras', (text) => text.replace('"units":3', '"units":5'));
  const request = { ...CNN, classes: 5, from: fixture('cnn.keras') };
  const refusal = await refusalOf(build(wider, request));
  expect(refusal).toMatch(
    /7 of 9 weights of the model fit; the file has none for dense\S*\/kernel \[16,5\], /,
  );
  expect(refusal).toMatch(/no layer takes its dense\S*\/kernel \[16,3\], dense\S*\/bias \[3\]; give --head/);
  const { description, notes } = await build(wider, {
    ...request,
    tuning: { freeze: ['conv*'], head: true },
  });
  expect(description.layers.at(-1)).toMatchObject({ name: 'head', outputShape: '[null,5]' });
  expect(notes.join('\n')).toMatch(
    /not taken, since the last layer is new: dense\S*\/kernel, dense\S*\/bias/,
  );
  expect(notes.join('\n')).toMatch(/all 7 weights fit/);
});

it('a layer that the model lacks, or that the file lacks, is never left out silently', async () => {
  const from = fixture('masking.keras');
  expect(await refusalOf(build(layersOf('cnn.keras'), { ...CNN, from }))).toMatch(
    /0 of 9 weights of the model fit; the file has none for .*; no layer takes its gru\S*\/cell\/kernel \[2,6\].*give a --model with the layers of the file, or leave --model out/,
  );
});

it('a model of the zoo takes weights of the same names', async () => {
  const { description, weights } = await build('mlp:5', { seed: 1 });
  const names = description.weights.map(({ name }) => name);
  const header = JSON.stringify(
    Object.fromEntries(
      names.map((name, i) => {
        const begin = description.weights.slice(0, i).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
        const { shape } = description.weights[i]!;
        return [name, { dtype: 'F32', shape, data_offsets: [4 * begin, 4 * (begin + sizeOf(shape))] }];
      }),
    ),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const path = join(root, 'zoo.safetensors');
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), new Uint8Array(weights.buffer)]));
  const other = await build('mlp:5', { seed: 2, from: path });
  expect(other.weights).toEqual(weights);
});

const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
  [
    'cut off',
    (bytes) => bytes.subarray(0, bytes.length - 4),
    /is no whole file of safetensors \(its tensors have/,
  ],
  ['cut off in its header', (bytes) => bytes.subarray(0, 40), /its header does not fit into it/],
  ['of another kind', () => Buffer.from('80049503', 'hex'), /its header does not fit into it/],
  [
    'with another shape',
    (bytes) => Buffer.from(bytes.toString('latin1').replace('"shape":[16,3]', '"shape":[16,4]'), 'latin1'),
    /kernel has other bytes than its shape/,
  ],
  [
    'with whole numbers',
    (bytes) => Buffer.from(bytes.toString('latin1').replace('"F32"', '"I32"'), 'latin1'),
    /holds I32, and weights are F32/,
  ],
])('a file of safetensors %s is refused', async (_, change, words) => {
  const path = join(root, `bad${files++}.safetensors`);
  writeFileSync(path, change(readFileSync(fixture('cnn.safetensors'))));
  expect(await refusalOf(build(fixture('cnn.keras'), { ...CNN, from: path }))).toMatch(words);
});
