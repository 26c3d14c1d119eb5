/** Masks of steps: who is given one. Expected numbers are those of the same layers on the steps that are left. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { registerLayers } from '../../layers.js';

registerLayers(tf);
beforeAll(async () => {
  await tf.setBackend('cpu');
});

const embedding = tf.layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true });
const values = (model: tf.LayersModel, tokens: number[][]) =>
  Array.from((model.apply(tf.tensor2d(tokens), { training: true }) as tf.Tensor).dataSync());

it('GlobalAveragePooling1D is the mean of the steps that are left, and 0 of none', () => {
  const model = tf.sequential({ layers: [embedding, tf.layers.globalAveragePooling1d({})] });
  expect(values(model, [[2, 4, 0, 0]])).toEqual(values(model, [[2, 4]]));
  expect(values(model, [[0, 0]])).toEqual([0, 0, 0]);
});

it('a layer behind the end of a mask is given none', () => {
  const last = tf.layers.lstm({ units: 2 });
  const again = tf.layers.lstm({ units: 2, kernelInitializer: 'ones' });
  const model = tf.sequential({ layers: [embedding, last, tf.layers.repeatVector({ n: 4 }), again] });
  const vector = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [4, 2] }), again] });
  const state = tf.sequential({ layers: [embedding, last] }).apply(tf.tensor2d([[2, 4, 0, 0]])) as tf.Tensor;
  const repeated = tf.tile(tf.reshape(state, [1, 1, 2]), [1, 4, 1]);
  expect(values(model, [[2, 4, 0, 0]])).toEqual(Array.from((vector.apply(repeated) as tf.Tensor).dataSync()));
});
