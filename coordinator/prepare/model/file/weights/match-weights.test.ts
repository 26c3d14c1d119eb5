/** Which weight of a file goes where, by the names that Keras and its converter write, and those of TF.js. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { matchWeights, type StoredWeight, type WeightPlace } from './match-weights.js';
import { weightPlaces } from './weight-places.js';

const L = tf.layers;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const stored = (...entries: [name: string, shape: number[]][]): StoredWeight[] =>
  entries.map(([name, shape]) => ({ name, shape, values: new Float32Array() }));

/** For each weight of the model, by TF.js's name, the file's. */
function matched(model: tf.LayersModel, weights: StoredWeight[]): Record<string, string> {
  const places = weightPlaces(model);
  expect(places.map(({ variable }) => variable).sort()).toEqual([...model.weights].sort());
  const found = matchWeights(places, weights);
  return Object.fromEntries(places.map(({ variable }, i) => [variable.originalName, found[i]!.name]));
}

const chain = (...layers: tf.layers.Layer[]) => tf.sequential({ name: 'sequential', layers });
const LSTM = ['kernel', 'recurrent_kernel', 'bias'];
const shapesOf = (width: number, units: number, gates = 4) => [
  [width, gates * units],
  [units, gates * units],
  [gates * units],
];

describe('a weight finds its place', () => {
  it.each([
    ['lstm/lstm_cell', 'as Keras 2 names it'],
    ['lstm/lstm_cell_7', 'whatever number the cell has'],
    ['lstm', 'as TF.js names it'],
    ['sequential/lstm/lstm_cell', 'below the name of the model, as in Keras 3'],
    ['sequential_4/lstm/lstm_cell', 'below the name that the model had in another program'],
  ])('in an LSTM: %s, %s', (prefix) => {
    const model = chain(L.lstm({ inputShape: [3, 2], units: 2, name: 'lstm' }));
    const names = LSTM.map((kind) => `${prefix}/${kind}`);
    const weights = stored(...names.map((name, i) => [name, shapesOf(2, 2)[i]!] as [string, number[]]));
    expect(Object.values(matched(model, weights.reverse()))).toEqual(names);
  });

  it('in both halves of a bidirectional layer, of equal shapes', () => {
    const layer = L.lstm({ units: 2, name: 'lstm' }) as tf.RNN;
    const model = chain(L.bidirectional({ inputShape: [3, 2], layer, mergeMode: 'concat', name: 'both' }));
    const names = ['backward_lstm/lstm_cell_2', 'forward_lstm/lstm_cell_1'].flatMap((half) =>
      LSTM.map((kind, i) => [`both/${half}/${kind}`, shapesOf(2, 2)[i]!] as [string, number[]]),
    );
    const found = matched(model, stored(...names));
    expect(found['both/forward_lstm/kernel']).toBe('both/forward_lstm/lstm_cell_1/kernel');
    expect(found['both/backward_lstm/recurrent_kernel']).toBe(
      'both/backward_lstm/lstm_cell_2/recurrent_kernel',
    );
  });

  it.each(['rnn/stacked_rnn_cells/', 'rnn/'])('in cells of one layer, by their names: %s', (prefix) => {
    const cell = ['upper', 'lower'].map((name) => L.lstmCell({ units: 2, name }));
    const model = chain(L.rnn({ inputShape: [3, 2], cell, name: 'rnn' }) as tf.layers.Layer);
    const names = ['lower', 'upper'].flatMap((one) =>
      LSTM.map((kind, i) => [`${prefix}${one}/${kind}`, shapesOf(2, 2)[i]!] as [string, number[]]),
    );
    const found = matched(model, stored(...names));
    expect(found['rnn/RNNCell_0/kernel']).toBe(`${prefix}upper/kernel`);
    expect(found['rnn/RNNCell_1/bias']).toBe(`${prefix}lower/bias`);
  });

  it('in a layer that is repeated over time, named by the wrapper alone or with the layer', () => {
    const inner = L.dense({ units: 2, name: 'dense' });
    const model = chain(L.timeDistributed({ inputShape: [3, 2], layer: inner, name: 'each' }));
    for (const prefix of ['each', 'each/dense', 'dense']) {
      const found = matched(model, stored([`${prefix}/bias`, [2]], [`${prefix}/kernel`, [2, 2]]));
      expect(found['each/kernel']).toBe(`${prefix}/kernel`);
    }
  });

  it('in layers of one name within nested models, where one of the names tells more', () => {
    const nested = (name: string) =>
      tf.sequential({
        name,
        layers: [L.dense({ inputShape: [2], units: 2, useBias: false, name: 'dense' })],
      });
    const model = tf.sequential({ name: 'outer' });
    model.add(nested('encoder'));
    model.add(nested('head'));
    const places = weightPlaces(model);
    const paths = (weights: StoredWeight[]) => matchWeights(places, weights).map(({ name }) => name);
    expect(paths(stored(['head/dense/kernel', [2, 2]], ['encoder/dense/kernel', [2, 2]]))).toEqual([
      'encoder/dense/kernel',
      'head/dense/kernel',
    ]);
    expect(paths(stored(['dense/kernel', [2, 2]], ['encoder/dense/kernel', [2, 2]]))).toEqual([
      'encoder/dense/kernel',
      'dense/kernel',
    ]);
    expect(() => paths(stored(['dense/kernel', [2, 2]], ['dense/kernel', [2, 2]]))).toThrow(
      /several weights that could be dense\/kernel of shape \[2,2\]: dense\/kernel, dense\/kernel/,
    );
  });

  it('in a depthwise convolution, under the name that it has in Keras 3', () => {
    const model = chain(
      L.depthwiseConv2d({ inputShape: [4, 4, 2], kernelSize: 2, name: 'deep', useBias: false }),
    );
    expect(matched(model, stored(['deep/kernel', [2, 2, 2, 1]]))).toEqual({
      'deep/depthwise_kernel': 'deep/kernel',
    });
  });
});

describe('a file is refused', () => {
  const model = () => chain(L.dense({ inputShape: [2], units: 3, name: 'dense' }));
  it.each<[string, [string, number[]][], string]>([
    ['lacks a weight', [['dense/kernel', [2, 3]]], 'the model file has no weight dense/bias of shape [3]'],
    [
      'has one of another shape',
      [
        ['dense/kernel', [4, 3]],
        ['dense/bias', [3]],
      ],
      "the model file's weight dense/kernel has shape [4,3], its layer needs [2,3]",
    ],
    [
      'has one that belongs nowhere',
      [
        ['dense/kernel', [2, 3]],
        ['dense/bias', [3]],
        ['dense/gate', [3]],
      ],
      "no layer of the model takes the model file's dense/gate [3]",
    ],
    [
      'has the weights of another layer',
      [
        ['other/kernel', [2, 3]],
        ['other/bias', [3]],
      ],
      'the model file has no weight dense/kernel of shape [2,3]',
    ],
  ])('that %s', (_, weights, words) => {
    expect(() => matched(model(), stored(...weights))).toThrow(words);
  });

  it('but not for what Keras counts beside the weights', () => {
    const weights = stored(['dense/kernel', [2, 3]], ['dense/bias', [3]], ['normalization/count', []]);
    expect(matched(model(), weights)['dense/bias']).toBe('dense/bias');
  });
});

it('however many models are nested: whatever parts of the ways the names keep, none gets the weight of another', () => {
  const paths = fc.uniqueArray(
    fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
    {
      minLength: 1,
      maxLength: 8,
      selector: String,
    },
  );
  const property = fc.property(paths, fc.infiniteStream(fc.boolean()), (paths, keeps) => {
    const places: WeightPlace[] = paths.map((path) => ({
      title: path.join('/'),
      path: path.map((name) => ({ names: [name] })),
      kinds: ['kernel'],
      shape: [2],
    }));
    const names = paths.map((path) => {
      const kept = path.filter((_, i) => keeps.next().value || i === path.length - 1);
      return [...kept, 'kernel'].join('/');
    });
    const weights = stored(...names.map((name) => [name, [2]] as [string, number[]]));
    let found: StoredWeight[];
    try {
      found = matchWeights(places, weights.toReversed());
    } catch {
      // Names that leave a choice.
      return;
    }
    expect(found.map((weight) => weights.indexOf(weight))).toEqual(places.map((_, i) => i));
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});
