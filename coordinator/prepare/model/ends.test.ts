/** What a model's first and last layers say of how its data are to be scaled. */
import { describe, expect, it } from 'vitest';
import { endsOfTopology } from './ends.js';

type Json = Record<string, unknown>;
const layer = (class_name: string, config: Json = {}, name = class_name.toLowerCase()): Json => ({
  class_name,
  config: { name, ...config },
});
const sequential = (...layers: Json[]) => ({ class_name: 'Sequential', config: { name: 'model', layers } });
/** Each layer with the names of those that feed it. */
const graph = (layers: [Json, string[]][], output: string) => ({
  class_name: 'Functional',
  config: {
    layers: layers.map(([json, from]) => ({
      ...json,
      name: (json.config as Json).name,
      inbound_nodes: from.length > 0 ? [from.map((name) => [name, 0, 0, {}])] : [],
    })),
    input_layers: [['inputlayer', 0, 0]],
    output_layers: [[output, 0, 0]],
  },
});
const dense = (activation = 'softmax') => layer('Dense', { units: 2, activation }, 'out');
/** A layer of two branches, by the activations in which these end. */
const merge = (type: string, one: string, other: string) =>
  graph(
    [
      [layer('InputLayer'), []],
      [layer('Dense', { activation: one }, 'one'), ['inputlayer']],
      [layer('Dense', { activation: other }, 'other'), ['inputlayer']],
      [layer(type, {}, 'last'), ['one', 'other']],
    ],
    'last',
  );
const embedding = layer('Embedding', { input_dim: 20, output_dim: 8 });
const indices = { layer: 'embedding', takes: 'indices', below: 20 };

describe('the input of a model', () => {
  it.each<[string, Json]>([
    ['right at the front', sequential(embedding, layer('Flatten'), dense())],
    [
      'behind layers that only move values',
      sequential(layer('InputLayer'), layer('Reshape'), embedding, dense()),
    ],
    ['within a nested model', sequential(sequential(layer('InputLayer'), embedding), dense())],
    [
      'on one branch of a graph',
      graph(
        [
          [layer('InputLayer'), []],
          [layer('Dense', { activation: 'relu' }, 'side'), ['inputlayer']],
          [layer('Reshape'), ['inputlayer']],
          [embedding, ['reshape']],
          [dense(), ['embedding', 'side']],
        ],
        'out',
      ),
    ],
  ])('takes indices with an Embedding %s', (_, topology) => {
    expect(endsOfTopology(topology).input).toEqual(indices);
  });

  it('takes a mask with Masking behind a Reshape, and values as they are with Rescaling or Normalization', () => {
    expect(endsOfTopology(sequential(layer('Reshape'), layer('Masking'), dense())).input).toEqual({
      layer: 'masking',
      takes: 'a mask',
    });
    for (const type of ['Rescaling', 'Normalization'])
      expect(endsOfTopology(sequential(layer(type), dense())).input?.takes).toBe('values as they are');
  });

  it('is scaled in front of all others, also where an Embedding comes later', () => {
    expect(endsOfTopology(sequential(dense('relu'), embedding, dense())).input).toBeUndefined();
    expect(endsOfTopology(sequential(layer('LSTM', { activation: 'tanh' }), dense())).input).toBeUndefined();
  });
});

describe('the output of a model', () => {
  it.each([
    [sequential(dense('linear')), undefined],
    [sequential(dense('relu')), { layer: 'out', why: 'ends in relu', range: [0, Infinity] }],
    [
      sequential(dense('linear'), layer('ReLU')),
      { layer: 'relu', why: 'ends in relu', range: [0, Infinity] },
    ],
    [sequential(dense('sigmoid'), layer('Reshape')), { layer: 'out', why: 'ends in sigmoid', range: [0, 1] }],
    [sequential(sequential(dense('tanh'))), { layer: 'out', why: 'ends in tanh', range: [-1, 1] }],
    [sequential(dense('swish')), { layer: 'out', why: 'ends in swish' }],
    [
      sequential(dense('hard_sigmoid'), layer('Dropout'), layer('Activation', { activation: 'linear' })),
      { layer: 'out', why: 'ends in hard_sigmoid', range: [0, 1] },
    ],
    [
      sequential(layer('TimeDistributed', { layer: dense('tanh') }, 'each'), layer('GlobalAveragePooling1D')),
      { layer: 'each', why: 'ends in tanh', range: [-1, 1] },
    ],
    [
      sequential(layer('RNN', { cell: [dense('relu'), layer('LSTMCell', { activation: 'tanh' })] }, 'rnn')),
      { layer: 'rnn', why: 'ends in tanh', range: [-1, 1] },
    ],
    [
      graph(
        [
          [layer('InputLayer'), []],
          [dense('tanh'), ['inputlayer']],
          [layer('Dense', { activation: 'relu' }, 'side'), ['inputlayer']],
          [layer('Average'), ['out', 'side']],
        ],
        'average',
      ),
      undefined,
    ],
    [
      graph(
        [
          [layer('InputLayer'), []],
          [dense('softplus'), ['inputlayer']],
        ],
        'out',
      ),
      { layer: 'out', why: 'ends in softplus', range: [0, Infinity] },
    ],
    [
      sequential(
        layer('Bidirectional', { layer: layer('LSTM', { activation: 'tanh' }), merge_mode: 'sum' }, 'both'),
      ),
      { layer: 'both', why: 'adds what ends in tanh', range: [-2, 2] },
    ],
    [
      sequential(
        layer(
          'Bidirectional',
          { layer: layer('LSTM', { activation: 'tanh' }), merge_mode: 'concat' },
          'both',
        ),
      ),
      { layer: 'both', why: 'ends in tanh', range: [-1, 1] },
    ],
    [
      sequential(
        layer('Bidirectional', { layer: layer('GRU', { activation: 'elu' }), merge_mode: 'mul' }, 'both'),
      ),
      undefined,
    ],
    [
      merge('Add', 'tanh', 'relu'),
      { layer: 'last', why: 'adds what ends in tanh and what ends in relu', range: [-1, Infinity] },
    ],
    [merge('Add', 'sigmoid', 'linear'), undefined],
    [
      merge('Add', 'sigmoid', 'swish'),
      { layer: 'last', why: 'adds what ends in sigmoid and what ends in swish' },
    ],
    [
      merge('Multiply', 'tanh', 'relu6'),
      { layer: 'last', why: 'multiplies what ends in tanh and what ends in relu6', range: [-6, 6] },
    ],
    [
      merge('Multiply', 'sigmoid', 'relu'),
      { layer: 'last', why: 'multiplies what ends in sigmoid and what ends in relu', range: [0, Infinity] },
    ],
  ])('%#: reaches every number, or it is said why not', (topology, output) => {
    expect(endsOfTopology(topology).output).toEqual(output);
  });
});
