/** Layers of TF.js keep what they are told on the way through a topology, and train without some of their weights. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerLayers } from '../../layers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  registerLayers(tf);
});

const drawn = (seed: number) => ({ class_name: 'RandomUniform', config: { minval: -1, maxval: 1, seed } });
const penalty = (l2: number) => ({ class_name: 'L1L2', config: { l1: 0, l2 } });
const limit = (max_value: number) => ({ class_name: 'MaxNorm', config: { max_value, axis: 0 } });
const weight = (name: string, number: number) => ({
  [`${name}_initializer`]: drawn(number),
  [`${name}_regularizer`]: penalty(number / 8),
  [`${name}_constraint`]: limit(number),
});
const image = { batch_input_shape: [null, 6, 6, 4], kernel_size: [2, 2], strides: [2, 2], padding: 'same' };

it.each([
  ['DepthwiseConv2D', { ...image, depth_multiplier: 3, ...weight('depthwise', 1), ...weight('bias', 2) }],
  [
    'SeparableConv2D',
    {
      ...image,
      filters: 5,
      depth_multiplier: 3,
      ...weight('depthwise', 1),
      ...weight('pointwise', 2),
      ...weight('bias', 3),
    },
  ],
])('%s keeps its options', async (class_name, options) => {
  const given = { name: 'layer', ...options };
  const topology = {
    class_name: 'Sequential',
    config: { name: 'm', layers: [{ class_name, config: given }] },
  };
  const model = await tf.models.modelFromJSON(structuredClone(topology) as never);
  const kept = (model.toJSON(null, false) as unknown as typeof topology).config.layers.at(-1)!.config;
  expect(kept).toMatchObject(given);
  const again = await tf.models.modelFromJSON(model.toJSON(null, false) as never);
  expect(again.weights.map(({ shape }) => shape)).toEqual(model.weights.map(({ shape }) => shape));
});

it('a bidirectional layer of cells keeps them, in both halves', async () => {
  const cell = [tf.layers.lstmCell({ units: 2, name: 'a' }), tf.layers.gruCell({ units: 3, name: 'b' })];
  const layer = tf.layers.rnn({ cell, name: 'rnn' }) as tf.RNN;
  const both = tf.layers.bidirectional({ inputShape: [3, 2], layer, mergeMode: 'concat' });
  const model = tf.sequential({ layers: [both] });
  const copy = await tf.models.modelFromJSON(model.toJSON(null, false) as never);
  expect(copy.weights).toHaveLength(12);
  copy.setWeights(model.getWeights());
  const x = tf.randomNormal([2, 3, 2], 0, 1, 'float32', 1);
  const [theirs, ours] = [model, copy].map((one) => (one.predict(x) as tf.Tensor).dataSync());
  expect(ours).toEqual(theirs);
});

describe('batch normalization', () => {
  const x = tf.randomNormal([8, 3], 2, 3, 'float32', 4);
  const target = tf.randomNormal([8, 3], 0, 1, 'float32', 5);

  /** Loss and gradients of a step, and what the moving statistics become. */
  function step(center: boolean, scale: boolean) {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({
          inputShape: [3],
          units: 3,
          kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
        }),
        tf.layers.batchNormalization({ center, scale }),
      ],
    });
    const variables = model.trainableWeights.map((one) => one.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => {
      const output = model.apply(x, { training: true }) as tf.Tensor;
      return tf.mean(tf.square(tf.sub(output, target))) as tf.Scalar;
    }, variables);
    return {
      loss: value.dataSync()[0],
      kernel: grads[variables[0]!.name]!.dataSync(),
      trained: variables.length,
      moving: model.weights.slice(-2).map((one) => [...one.read().dataSync()]),
      predicted: (model.predict(x) as tf.Tensor).dataSync(),
    };
  }

  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])('trains without some of its weights as with those at 0 and 1: center %s, scale %s', (center, scale) => {
    const { trained, ...found } = step(center, scale);
    const { trained: all, ...whole } = step(true, true);
    expect([all, trained]).toEqual([4, 2 + Number(center) + Number(scale)]);
    expect(found).toEqual(whole);
  });
});
