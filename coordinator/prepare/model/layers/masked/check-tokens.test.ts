/** Which models of texts are taken, and what is said of the others: by topologies of TF.js. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { registerLayers } from '../../../../../shared/models/layers.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { topologyOf } from '../topology-json.js';
import { checkTokens } from './check-tokens.js';

const { LayerNorm } = registerLayers(tf);
const L = tf.layers;
const TOKENS = { unit: 'words' as const, vocabulary: ['a', 'b', 'c'], buckets: [2, 4] };

const embedding = (options = {}) => L.embedding({ inputDim: 5, outputDim: 3, maskZero: true, ...options });
const dense = () => L.dense({ units: 2 });

async function refusal(...layers: tf.layers.Layer[]): Promise<string> {
  const model = tf.sequential({ layers });
  return refusalOf((async () => checkTokens(topologyOf(model), TOKENS, 'csv:x'))());
}

describe('a model of texts', () => {
  it.each<[string, () => tf.layers.Layer[]]>([
    [
      'a recurrent layer',
      () => [embedding(), L.lstm({ units: 2 }), L.repeatVector({ n: 2 }), L.flatten(), dense()],
    ],
    [
      'several of them',
      () => [embedding(), L.gru({ units: 2, returnSequences: true }), L.simpleRNN({ units: 2 }), dense()],
    ],
    [
      'both directions, step by step layers and the mean',
      () => [
        embedding(),
        L.bidirectional({ layer: L.lstm({ units: 2, returnSequences: true }) as never, mergeMode: 'concat' }),
        L.dropout({ rate: 0.1 }),
        dense(),
        L.layerNormalization(),
        L.globalAveragePooling1d({}),
        dense(),
      ],
    ],
  ])('may have %s', (_, layers) => {
    checkTokens(topologyOf(tf.sequential({ layers: layers() })), TOKENS, 'csv:x');
  });

  it.each<[string, () => tf.layers.Layer[], RegExp]>([
    [
      'no mask',
      () => [embedding({ maskZero: false }), L.lstm({ units: 2 })],
      /\(Embedding\) takes padding, 0, for a token: begin with Embedding\(\{ inputDim: 5, maskZero: true/,
    ],
    [
      'too few rows',
      () => [embedding({ inputDim: 4 }), L.lstm({ units: 2 })],
      /has 4 rows, and there are 5 tokens .*vocabulary=2/,
    ],
    ['one length', () => [embedding({ inputLength: 4 }), L.lstm({ units: 2 })], /takes texts of one length/],
    ['Flatten', () => [embedding({ inputLength: 4 }), L.flatten()], /takes texts of one length/],
    [
      'a maximum that sees padding',
      () => [embedding(), L.globalMaxPooling1d({})],
      /\(GlobalMaxPooling1D\) would compute with padding: a recurrent layer/,
    ],
    [
      'a convolution',
      () => [embedding(), L.conv1d({ filters: 2, kernelSize: 2 }), L.globalAveragePooling1d({})],
      /\(Conv1D\) would compute with padding/,
    ],
    [
      'batch normalization of steps',
      () => [embedding(), L.batchNormalization(), L.lstm({ units: 2 })],
      /\(BatchNormalization\) would compute with padding/,
    ],
    [
      'steps in reverse',
      () => [
        embedding(),
        L.lstm({ units: 2, returnSequences: true, goBackwards: true }),
        L.globalAveragePooling1d({}),
      ],
      /gives its steps in reverse/,
    ],
    [
      'a layer that hands no mask on',
      () => [embedding(), new LayerNorm({}), L.globalAveragePooling1d({})],
      /\(LayerNorm\) would compute with padding/,
    ],
    [
      'an output for each token',
      () => [embedding(), L.lstm({ units: 2, returnSequences: true })],
      /gives something for each token, and a text has one label/,
    ],
    [
      'no embedding',
      () => [L.dense({ units: 2, inputShape: [4] })],
      /\(Dense\) takes padding, 0, for a token/,
    ],
  ])('is refused with %s', async (_, layers, words) => {
    expect(await refusal(...layers())).toMatch(words);
  });
});
