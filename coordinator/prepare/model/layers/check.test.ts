/** What a model file says is honored, or told by its name before anything is built. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { registerLayers } from '../../../../shared/models/layers.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { checkLayers } from './check.js';
import { CONTAINERS, LAYER_OPTIONS, LEFT_OUT } from './options.js';

type Config = Record<string, unknown>;
const layer = (class_name: string, config: Config) => ({ class_name, config: { name: 'own', ...config } });
const model = (...layers: object[]) => ({ class_name: 'Sequential', config: { name: 'm', layers } });
const refusal = (...layers: object[]) => refusalOf(async () => checkLayers(model(...layers), () => false));
const first = layer('Dense', { units: 2, batch_input_shape: [null, 4] });

describe('a model file', () => {
  it.each<[string, object, string]>([
    ['a stateful layer', layer('LSTM', { units: 2, stateful: true }), 'stateful = true'],
    ['groups', layer('Conv2D', { filters: 2, kernel_size: 3, groups: 2 }), 'groups = 2'],
    ['the slope of a ReLU', layer('ReLU', { negative_slope: 0.1 }), 'negative_slope = 0.1'],
    [
      'causal padding',
      layer('Conv1D', { filters: 2, kernel_size: 3, padding: 'causal' }),
      'padding = "causal"',
    ],
    ['half precision', layer('Dense', { units: 2, dtype: 'mixed_float16' }), 'dtype = "mixed_float16"'],
    ['an option of its own', layer('Dense', { units: 2, wobble: 3 }), 'wobble = 3'],
    [
      'another constraint',
      layer('Dense', { kernel_constraint: { class_name: 'RadialConstraint', config: {} } }),
      'RadialConstraint',
    ],
    [
      'another regularizer',
      layer('Dense', { bias_regularizer: { class_name: 'OrthogonalRegularizer', config: {} } }),
      'OrthogonalRegularizer',
    ],
    [
      'an activity regularizer',
      layer('Dense', { activity_regularizer: 'l2' }),
      'activity_regularizer = "l2"',
    ],
    [
      'a fixed number of samples',
      layer('Dense', { units: 2, batch_input_shape: [4, 13] }),
      'batch_input_shape = [4,13]',
    ],
  ])('that sets %s is refused by layer, place and option', async (_, second, option) => {
    const message = await refusal(first, second);
    expect(message).toContain(`layer 2 "own" (${(second as { class_name: string }).class_name})`);
    expect(message).toContain(option);
  });

  it.each<[string, (inner: object) => object]>([
    ['a wrapper', (inner) => layer('Bidirectional', { layer: inner })],
    [
      'a wrapper with the names of TF.js',
      (inner) => ({ className: 'TimeDistributed', config: { layer: inner } }),
    ],
    ['a model', (inner) => ({ class_name: 'Functional', config: { name: 'n', layers: [inner] } })],
    ['a model in a wrapper', (inner) => layer('TimeDistributed', { layer: model(inner) })],
  ])('is looked through: into %s', async (_, around) => {
    const inner = { ...layer('GRU', {}), config: { name: 'in', units: 2, stateful: true } };
    expect(await refusal(first, around(inner))).toMatch(/"in" \(GRU\) in layer 2.*stateful/);
  });

  it.each<[string, object]>([
    ['one cell', layer('RNN', { cell: layer('GRUCell', { reset_after: true }) })],
    [
      'a list of cells',
      layer('RNN', { cell: [layer('LSTMCell', {}), layer('GRUCell', { reset_after: true })] }),
    ],
    [
      'stacked cells',
      layer('RNN', { cell: layer('StackedRNNCells', { cells: [layer('GRUCell', { reset_after: true })] }) }),
    ],
  ])('is looked through: into %s', async (_, rnn) => {
    expect(await refusal(first, rnn)).toMatch(/cell "own" \(GRUCell\).*layer 2.*reset_after/);
  });

  it('with a layer that is unknown is told which are known', async () => {
    expect(await refusal(first, layer('EinsumDense', {}))).toMatch(/layer 2 "own" \(EinsumDense\).*Dense, /);
  });

  it('may set what is not honored to what it is anyway', () => {
    const conv = { filters: 2, kernel_size: 3, groups: 1, activity_regularizer: null, dilation_rate: [1, 1] };
    const policy = { class_name: 'DTypePolicy', config: { name: 'float32' } };
    checkLayers(
      model(layer('Conv2D', { ...conv, dtype: policy }), layer('LSTM', { time_major: false })),
      () => false,
    );
  });
});

it('the list names classes that TF.js or we have, and all of their layers', async () => {
  registerLayers(tf);
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const listed: string[] = [...Object.keys(LAYER_OPTIONS), ...LEFT_OUT, ...CONTAINERS];
  expect(Object.keys(LAYER_OPTIONS).filter((name) => !(name in known))).toEqual([]);
  const isLayer = ([type]: (typeof known)[string]) => type!.prototype instanceof tf.layers.Layer;
  expect(Object.keys(known).filter((name) => isLayer(known[name]!) && !listed.includes(name))).toEqual([]);
  for (const name of LEFT_OUT) {
    const message = await refusalOf(async () => checkLayers(model(first, layer(name, {})), () => true));
    expect(message).toContain(`layer 2 "own" (${name}): there is no such layer here`);
  }
});
