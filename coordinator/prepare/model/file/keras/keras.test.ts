/** Models as Keras writes them: what they say is honored, or refused by its name. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { build } from '../../../../../test/support/models/building.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { fromKeras, kerasVersionOf } from './keras.js';

const root = temporaryFolder();
let files = 0;

function fileOf(json: object): string {
  const dir = join(root, String(files++));
  mkdirSync(dir);
  writeFileSync(join(dir, 'model.json'), JSON.stringify(json));
  return join(dir, 'model.json');
}

const of3 = (module: string, class_name: string, config: object, more: object = {}) => ({
  ...{ module: `keras.${module}`, class_name, config, registered_name: null },
  ...more,
});
const dtype = of3('dtype_policies', 'DTypePolicy', { name: 'float32' });
const seeded = (seed: number) => of3('initializers', 'GlorotUniform', { seed });
const dense3 = (name: string, units: number, activation: string, more: object = {}) =>
  of3('layers', 'Dense', {
    ...{ name, trainable: true, dtype, units, activation, use_bias: true, kernel_initializer: seeded(units) },
    ...{ bias_initializer: of3('initializers', 'Zeros', {}), kernel_regularizer: null, ...more },
  });
const input3 = (shape: number[]) =>
  of3('layers', 'InputLayer', { batch_shape: [null, ...shape], dtype: 'float32', sparse: false, name: 'in' });
const sequential3 = (layers: object[]) => ({
  ...of3('models', 'Sequential', { name: 'sequential', trainable: true, dtype, layers }),
  ...{
    build_config: { input_shape: [null, 4] },
    compile_config: { optimizer: 'adam', loss: 'sparse_categorical_crossentropy' },
  },
});

/** A layer of Keras 3's functional models, called once. */
const joined = (layer: { config: object }, from: string[], kwargs: object = {}) => {
  const tensors = from.map((name) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 4], dtype: 'float32', keras_history: [name, 0, 0] },
  }));
  const args = tensors.length === 1 ? tensors : [tensors];
  const { name } = layer.config as { name: string };
  return { ...layer, name, inbound_nodes: from.length === 0 ? [] : [{ args, kwargs }] };
};
const functional3 = (layers: object[], flat = false) =>
  of3('models', 'Functional', {
    ...{ name: 'functional', trainable: true, layers },
    ...{
      input_layers: flat ? ['in', 0, 0] : [['in', 0, 0]],
      output_layers: flat ? ['out', 0, 0] : [['out', 0, 0]],
    },
  });

/** As Keras 2 writes the same. */
const dense2 = (name: string, units: number, activation: string, more: object = {}) => ({
  class_name: 'Dense',
  config: {
    ...{ name, trainable: true, dtype: 'float32', units, activation },
    ...{ kernel_initializer: { class_name: 'GlorotUniform', config: { seed: units } }, ...more },
  },
});
const sequential2 = (layers: object[], shape = [4]) => ({
  class_name: 'Sequential',
  config: {
    name: 'sequential',
    layers: [
      { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, ...shape] } },
      ...layers,
    ],
  },
});

describe('a model of Keras 3', () => {
  it('in a row is the one that Keras 2 writes', async () => {
    const three = await build(
      fileOf(sequential3([input3([4]), dense3('hidden', 5, 'silu'), dense3('out', 3, 'softmax')])),
    );
    const two = await build(fileOf(sequential2([dense2('hidden', 5, 'swish'), dense2('out', 3, 'softmax')])));
    expect(three.weights).toEqual(two.weights);
    expect(three.probe).toEqual(two.probe);
  });

  it.each([true, false])(
    'that is joined freely is the one that Keras 2 writes (ends written flat: %s)',
    async (flat) => {
      const add = of3('layers', 'Add', { name: 'add', trainable: true, dtype });
      const drop = of3('layers', 'Dropout', {
        name: 'drop',
        rate: 0.5,
        seed: null,
        noise_shape: null,
        dtype,
      });
      const layers = [
        joined(input3([4]), []),
        joined(dense3('left', 5, 'relu'), ['in']),
        joined(dense3('right', 5, 'tanh'), ['in']),
        joined(add, ['left', 'right']),
        joined(drop, ['add'], { training: false }),
        joined(dense3('out', 3, 'softmax'), ['drop']),
      ];
      const { description } = await build(fileOf(functional3(layers, flat)));
      expect(description.layers.map(({ name }) => name)).toEqual([
        'in',
        'left',
        'right',
        'add',
        'drop',
        'out',
      ]);
      expect(description.weights.map(({ name }) => name)).toContain('right/kernel');
      expect(JSON.stringify(description.topology)).not.toContain('keras_tensor');
    },
  );

  it('with both halves of a bidirectional layer written is read, and refused where they differ', async () => {
    const half = (name: string, go_backwards: boolean, units = 2) =>
      of3('layers', 'SimpleRNN', { name, units, activation: 'tanh', go_backwards, return_sequences: false });
    const both = (backward: object) =>
      of3('layers', 'Bidirectional', {
        ...{
          name: 'both',
          merge_mode: 'concat',
          layer: half('forward_rnn', false),
          backward_layer: backward,
        },
      });
    const file = (backward: object) =>
      fileOf(sequential3([input3([4, 1]), both(backward), dense3('out', 3, 'softmax')]));
    const { description } = await build(file(half('backward_rnn', true)), { shape: [4, 1] });
    expect(description.weights.map(({ name }) => name)).toContain('both/backward_rnn/kernel');
    expect(await refusalOf(build(file(half('backward_rnn', true, 3)), { shape: [4, 1] }))).toBe(
      'the model\'s "both" (Bidirectional) has a backward_layer of its own: change the model (leave it out)',
    );
  });

  it('computes its hard sigmoid with its own slope', async () => {
    const translated = (json: object) => JSON.stringify(fromKeras(json as never, kerasVersionOf(json)));
    expect(translated(sequential3([dense3('a', 1, 'hard_sigmoid')]))).toContain('"hard_sigmoid_of_sixth"');
    expect(translated(sequential2([dense2('a', 1, 'hard_sigmoid')]))).toContain('"hard_sigmoid"');
  });

  it('in another precision is refused', async () => {
    const half = of3('dtype_policies', 'DTypePolicy', { name: 'mixed_float16' });
    const file = fileOf(sequential3([input3([4]), dense3('out', 3, 'softmax', { dtype: half })]));
    expect(await refusalOf(build(file))).toMatch(/layer 2 "out" \(Dense\): dtype = "mixed_float16"/);
  });
});

describe('a model of Keras 2', () => {
  it.each([
    [
      { class_name: 'L1', config: { l1: 0.25 } },
      { l1: 0.25, l2: 0 },
    ],
    [
      { class_name: 'L2', config: { l2: 0.5 } },
      { l1: 0, l2: 0.5 },
    ],
    [
      { class_name: 'L1L2', config: { l1: 0.25, l2: 0.5 } },
      { l1: 0.25, l2: 0.5 },
    ],
    [
      { class_name: 'L1L2', config: { l2: 0.5 } },
      { l1: 0, l2: 0.5 },
    ],
    ['l1', { l1: 0.01, l2: 0 }],
    ['l2', { l1: 0, l2: 0.01 }],
    ['l1_l2', { l1: 0.01, l2: 0.01 }],
  ])('with the regularizer %j has its factors', async (kernel_regularizer, config) => {
    const { description } = await build(
      fileOf(sequential2([dense2('out', 3, 'softmax', { kernel_regularizer })])),
    );
    const text = JSON.stringify(description.topology);
    expect(text).toContain(JSON.stringify({ class_name: 'L1L2', config }));
  });

  it.each([
    [
      'a regularizer that nothing here computes',
      { kernel_regularizer: { class_name: 'OrthogonalRegularizer', config: { factor: 0.01, mode: 'rows' } } },
      /layer 2 "out" \(Dense\): kernel_regularizer = .*OrthogonalRegularizer.* is unknown: .*L1L2/,
    ],
    [
      'an activation that nothing here computes',
      { activation: 'crelu' },
      /layer 2 "out" \(Dense\): activation = "crelu" is unknown: .*exponential/,
    ],
    [
      'an initializer that nothing here draws',
      { kernel_initializer: { class_name: 'Sobol', config: {} } },
      /layer 2 "out" \(Dense\): kernel_initializer = .*Sobol.* is unknown: .*GlorotUniform/,
    ],
  ])('with %s is refused by its name', async (_, options, words) => {
    expect(await refusalOf(build(fileOf(sequential2([dense2('out', 3, 'softmax', options)]))))).toMatch(
      words,
    );
  });

  it('whose layer is always called in inference mode is refused', async () => {
    const norm = { class_name: 'BatchNormalization', config: { name: 'norm', axis: [1] } };
    const layers = [
      {
        class_name: 'InputLayer',
        config: { batch_input_shape: [null, 4], name: 'in' },
        name: 'in',
        inbound_nodes: [],
      },
      { ...norm, name: 'norm', inbound_nodes: [[['in', 0, 0, { training: false }]]] },
      { ...dense2('out', 3, 'softmax'), name: 'out', inbound_nodes: [[['norm', 0, 0, {}]]] },
    ];
    const config = { name: 'm', layers, input_layers: [['in', 0, 0]], output_layers: [['out', 0, 0]] };
    expect(await refusalOf(build(fileOf({ class_name: 'Functional', config })))).toBe(
      'the model\'s "norm" is called with training=false, which would be ignored: change the model (call it without)',
    );
  });
});
