/** The eager engine is the reference for all others: here it is held to plain loops and to differences. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import type { LossName } from '../../shared/numerics/losses.js';
import {
  batchOf,
  cpuEngine,
  imageData,
  type Problem,
  problem,
  tableData,
} from '../../test/support/models/learning.js';
import type { Batch, Engine } from '../engine.js';
import { createEagerEngine } from './engine.js';
import { installWasmKernels } from './kernels/wasm-kernels.js';

const firstOf = (subject: Problem, count: number): Batch =>
  batchOf(
    subject.data,
    Array.from({ length: count }, (_, i) => i),
  );

async function gradientOf(
  engine: Engine,
  subject: Problem,
  batch: Batch,
  seed = 1,
  weights = subject.built.weights,
) {
  await engine.setWeights(weights);
  const gradient = new Float32Array(weights.length).fill(Number.NaN);
  const sums = await engine.gradient(batch, seed, gradient);
  return { ...sums, gradient };
}

/** Differences of the loss in each direction: float32 losses, so steps must be large. */
async function numericGradient(engine: Engine, subject: Problem, batch: Batch, indices: number[], seed = 1) {
  const step = 5e-3;
  const values: number[] = [];
  for (const index of indices) {
    const lossAt = async (offset: number) => {
      const weights = subject.built.weights.slice();
      weights[index]! += offset;
      return (await gradientOf(engine, subject, batch, seed, weights)).loss;
    };
    values.push(((await lossAt(step)) - (await lossAt(-step))) / (2 * step));
  }
  return values;
}

/** Indices spread over all weights. */
const spread = (total: number, count: number) =>
  Array.from({ length: Math.min(count, total) }, (_, i) => Math.floor((i * total) / Math.min(count, total)));

type Build = (tensorflow: typeof tf, shapes: { inputShape: number[]; outputs: number }) => tf.LayersModel;

const dense =
  (activation: 'linear' | 'sigmoid' | 'softmax'): Build =>
  (tensorflow, { inputShape, outputs }) => {
    const model = tensorflow.sequential();
    model.add(
      tensorflow.layers.reshape({ inputShape, targetShape: [inputShape.reduce((a, b) => a * b, 1)] }),
    );
    model.add(tensorflow.layers.dense({ units: 6, activation: 'tanh' }));
    model.add(tensorflow.layers.dense({ units: outputs, activation }));
    return model;
  };

describe('a loss of the eager engine', () => {
  it.each<[LossName, () => Promise<Problem>]>([
    ['categoricalCrossentropy', () => problem(imageData(12, [4, 4, 1], 3), dense('softmax'))],
    [
      'binaryCrossentropy',
      () => problem(imageData(12, [4, 4, 1], 2), dense('sigmoid'), 'binaryCrossentropy'),
    ],
    ['meanSquaredError', () => problem(tableData(12, 4, 2), dense('linear'), 'meanSquaredError')],
    ['meanAbsoluteError', () => problem(tableData(12, 4, 2), dense('linear'), 'meanAbsoluteError')],
    ['huber', () => problem(tableData(12, 4, 2), dense('linear'), 'huber')],
  ])('%s has the gradient that its differences show', async (_loss, pose) => {
    const subject = await pose();
    const engine = await cpuEngine(subject);
    const batch = firstOf(subject, 12);
    const { gradient } = await gradientOf(engine, subject, batch);
    const largest = Math.max(...gradient.map(Math.abs));
    const indices = spread(gradient.length, 40);
    const numeric = await numericGradient(engine, subject, batch, indices);
    for (const [at, index] of indices.entries()) {
      expect(Math.abs(gradient[index]! - numeric[at]!) / largest).toBeLessThan(2e-2);
    }
    engine.dispose();
  });

  it('is a sum over samples, and so is the gradient', async () => {
    const subject = await problem(imageData(9, [4, 4, 1], 3), dense('softmax'));
    const engine = await cpuEngine(subject);
    const whole = await gradientOf(engine, subject, firstOf(subject, 9));
    let [loss, metric] = [0, 0];
    const sum = new Float64Array(whole.gradient.length);
    for (let i = 0; i < 9; i++) {
      const one = await gradientOf(engine, subject, batchOf(subject.data, [i]));
      loss += one.loss;
      metric += one.metric;
      for (let j = 0; j < sum.length; j++) sum[j]! += one.gradient[j]!;
    }
    expect(whole.loss).toBeCloseTo(loss, 5);
    expect(whole.metric).toBe(metric);
    for (let j = 0; j < sum.length; j++) expect(whole.gradient[j]).toBeCloseTo(sum[j]!, 5);
    engine.dispose();
  });

  it('stays finite where a probability is 0 to the last bit', async () => {
    const subject = await problem(imageData(4, [2, 2, 1], 2), dense('softmax'));
    const engine = await cpuEngine(subject);
    const huge = subject.built.weights.map((value) => value * 1e4);
    const { loss, gradient } = await gradientOf(engine, subject, firstOf(subject, 4), 1, huge);
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
    engine.dispose();
  });
});

describe('an evaluation', () => {
  it('counts right predictions and fills the confusion matrix by plain argmax', async () => {
    const subject = await problem(imageData(20, [3, 3, 1], 3), dense('softmax'));
    const engine = await cpuEngine(subject);
    await engine.setWeights(subject.built.weights);
    const batch = firstOf(subject, 20);
    const { loss, metric, confusion } = await engine.evaluate(batch);
    const model = await tf.models.modelFromJSON(subject.built.description.topology as never);
    for (const [i, { offset, size, shape }] of layoutOf(subject.built.description.weights).slots.entries()) {
      model.weights[i]!.write(tf.tensor(subject.built.weights.slice(offset, offset + size), shape));
    }
    const x = tf.tensor(
      Float32Array.from(batch.x, (value) => (value / 255 - 0.5) / 0.29),
      [20, 3, 3, 1],
    );
    const probabilities = (model.predict(x) as tf.Tensor2D).arraySync();
    const expected = new Int32Array(9);
    let expectedLoss = 0;
    for (const [i, row] of probabilities.entries()) {
      expected[batch.y[i]! * 3 + row.indexOf(Math.max(...row))]!++;
      expectedLoss -= Math.log(row[batch.y[i]!]!);
    }
    expect([...confusion!]).toEqual([...expected]);
    expect(metric).toBe(expected[0]! + expected[4]! + expected[8]!);
    expect(loss).toBeCloseTo(expectedLoss, 4);
    engine.dispose();
  });

  it('of numbers has the mean absolute error of each sample as its metric', async () => {
    const subject = await problem(tableData(8, 3, 2), dense('linear'), 'meanSquaredError');
    const engine = await cpuEngine(subject);
    await engine.setWeights(new Float32Array(subject.built.weights.length));
    const batch = firstOf(subject, 8);
    const { loss, metric, confusion } = await engine.evaluate(batch);
    const y = [...(batch.y as Float32Array)];
    expect(metric).toBeCloseTo(y.reduce((sum, value) => sum + Math.abs(value), 0) / 2, 4);
    expect(loss).toBeCloseTo(y.reduce((sum, value) => sum + value ** 2, 0) / 2, 4);
    expect(confusion).toBeUndefined();
    engine.dispose();
  });
});

describe('randomness of the model', () => {
  const withDropout: Build = (tensorflow, { inputShape, outputs }) => {
    const model = tensorflow.sequential();
    model.add(tensorflow.layers.flatten({ inputShape }));
    model.add(tensorflow.layers.dense({ units: 30, activation: 'tanh' }));
    model.add(tensorflow.layers.dropout({ rate: 0.5, seed: 5 }));
    model.add(tensorflow.layers.gaussianNoise({ stddev: 0.1 }));
    model.add(tensorflow.layers.dense({ units: outputs, activation: 'softmax' }));
    return model;
  };

  it('follows from the shard seed alone, even where the layer came with a seed of its own', async () => {
    const subject = await problem(imageData(6, [4, 4, 1], 3), withDropout);
    const [first, second] = [await cpuEngine(subject), await cpuEngine(subject)];
    const batch = firstOf(subject, 6);
    const one = await gradientOf(first, subject, batch, 11);
    const other = await gradientOf(first, subject, batch, 12);
    const again = await gradientOf(second, subject, batch, 11);
    expect(again.gradient).toEqual(one.gradient);
    expect(again.loss).toBe(one.loss);
    expect(other.gradient).not.toEqual(one.gradient);
    for (const engine of [first, second]) engine.dispose();
  });

  it('is drawn anew for each sample and unit, about half of them dropped', async () => {
    const subject = await problem(imageData(40, [4, 4, 1], 3), (tensorflow, { inputShape, outputs }) => {
      const model = tensorflow.sequential();
      model.add(tensorflow.layers.flatten({ inputShape }));
      model.add(tensorflow.layers.dropout({ rate: 0.5 }));
      model.add(tensorflow.layers.dense({ units: outputs, activation: 'softmax', useBias: false }));
      return model;
    });
    const engine = await cpuEngine(subject);
    const zeroShare = async (seed: number) => {
      const batch = batchOf(subject.data, [seed]);
      const { gradient } = await gradientOf(engine, subject, batch, seed);
      return gradient.filter((value) => value === 0).length / gradient.length;
    };
    const shares = await Promise.all([...Array(40).keys()].map(zeroShare));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.4);
    expect(mean).toBeLessThan(0.6);
    expect(new Set(shares).size).toBeGreaterThan(3);
    engine.dispose();
  });

  it('leaves Math.random as it was, also when the model throws', async () => {
    const { random } = Math;
    const subject = await problem(imageData(4, [4, 4, 1], 3), withDropout);
    const engine = await cpuEngine(subject);
    await expect(gradientOf(engine, subject, { ...firstOf(subject, 4), count: 3 })).rejects.toThrow();
    expect(Math.random).toBe(random);
    engine.dispose();
  });
});

describe('batch normalization', () => {
  const normalized: Build = (tensorflow, { inputShape, outputs }) => {
    const model = tensorflow.sequential();
    model.add(tensorflow.layers.flatten({ inputShape }));
    model.add(tensorflow.layers.dense({ units: 5, useBias: false }));
    model.add(tensorflow.layers.batchNormalization({ momentum: 0.9 }));
    model.add(tensorflow.layers.dense({ units: outputs, activation: 'softmax' }));
    return model;
  };

  it('contributes the change of its moving statistics, times samples, by the rule of TF.js', async () => {
    const subject = await problem(imageData(16, [3, 3, 1], 3), normalized);
    const engine = await cpuEngine(subject);
    const batch = firstOf(subject, 16);
    const { gradient } = await gradientOf(engine, subject, batch);
    const { slots, trainable } = layoutOf(subject.built.description.weights);
    const kernel = slots[0]!;
    const inputs = Array.from(batch.x, (value) => (value / 255 - 0.5) / 0.29);
    const outputs = Array.from({ length: 16 }, (_, n) =>
      Array.from({ length: 5 }, (_, unit) => {
        let sum = 0;
        for (let i = 0; i < 9; i++)
          sum += inputs[n * 9 + i]! * subject.built.weights[kernel.offset + i * 5 + unit]!;
        return sum;
      }),
    );
    const expected = Array.from({ length: 5 }, (_, unit) => {
      const column = outputs.map((row) => row[unit]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / 16;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 16;
      // The moving variance takes the biased one, as TF.js and Keras do.
      return { mean: 0.1 * mean * 16, variance: 0.1 * (variance - 1) * 16 };
    });
    const statistics = [...gradient.subarray(trainable)];
    const { variance, mean } = { mean: statistics.slice(0, 5), variance: statistics.slice(5) };
    for (let unit = 0; unit < 5; unit++) {
      expect(mean[unit]).toBeCloseTo(expected[unit]!.mean, 3);
      expect(variance[unit]).toBeCloseTo(expected[unit]!.variance, 3);
    }
    engine.dispose();
  });

  it('keeps its statistics as given, however many shards are computed', async () => {
    const subject = await problem(imageData(16, [3, 3, 1], 3), normalized);
    const engine = await cpuEngine(subject);
    const first = await gradientOf(engine, subject, firstOf(subject, 16));
    const into = new Float32Array(first.gradient.length);
    for (let i = 0; i < 3; i++) await engine.gradient(firstOf(subject, 8), i, into);
    await engine.gradient(firstOf(subject, 16), 1, into);
    expect(into).toEqual(first.gradient);
    engine.dispose();
  });
});

it('a regularizer counts once a sample, so that the mean is the loss plus the penalty', async () => {
  const regularized: Build = (tensorflow, { inputShape, outputs }) => {
    const model = tensorflow.sequential();
    model.add(tensorflow.layers.flatten({ inputShape }));
    const kernelRegularizer = tensorflow.regularizers.l2({ l2: 0.01 });
    model.add(tensorflow.layers.dense({ units: outputs, activation: 'softmax', kernelRegularizer }));
    return model;
  };
  const data = imageData(6, [3, 3, 1], 3);
  const subject = await problem(data, regularized);
  const plain = await problem(data, (tensorflow, { inputShape, outputs }) => {
    const model = tensorflow.sequential();
    model.add(tensorflow.layers.flatten({ inputShape }));
    model.add(tensorflow.layers.dense({ units: outputs, activation: 'softmax' }));
    return model;
  });
  const [engine, without] = [await cpuEngine(subject), await cpuEngine(plain)];
  const { weights } = subject.built;
  const batch = firstOf(subject, 6);
  const penalized = await gradientOf(engine, subject, batch, 1, weights);
  const free = await gradientOf(without, plain, batch, 1, weights);
  const kernel = weights.subarray(0, 27);
  const penalty = 0.01 * kernel.reduce((sum, value) => sum + value * value, 0);
  expect(penalized.loss).toBeCloseTo(free.loss + 6 * penalty, 4);
  for (let i = 0; i < 27; i++)
    expect(penalized.gradient[i]).toBeCloseTo(free.gradient[i]! + 6 * 0.02 * kernel[i]!, 4);
  for (const used of [engine, without]) used.dispose();
});

it('computing leaves no tensors behind', async () => {
  const subject = await problem(imageData(8, [8, 8, 1], 3), 'resnet');
  const engine = await cpuEngine(subject);
  await gradientOf(engine, subject, firstOf(subject, 2));
  await engine.evaluate(firstOf(subject, 4));
  const before = tf.memory().numTensors;
  for (let i = 0; i < 3; i++) {
    await gradientOf(engine, subject, firstOf(subject, 2));
    await engine.evaluate(firstOf(subject, 2));
  }
  expect(tf.memory().numTensors).toBe(before);
  engine.dispose();
});

describe('the wasm backend', () => {
  it.each(['mlp:16', 'cnn', 'resnet'])('agrees with cpu on %s', async (model) => {
    const side = model === 'cnn' ? 10 : 8;
    const subject = await problem(imageData(4, [side, side, 1], 3), model);
    const engine = await cpuEngine(subject);
    const expected = await gradientOf(engine, subject, firstOf(subject, 4));
    engine.dispose();
    await import('@tensorflow/tfjs-backend-wasm');
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    await tf.setBackend('wasm');
    installWasmKernels(tf);
    const { description: described } = subject.built;
    const wasm = await createEagerEngine({
      tf,
      backend: 'wasm',
      engineClass: 'eager/wasm@test',
      model: described,
      manifest: subject.data,
    });
    const actual = await gradientOf(wasm, subject, firstOf(subject, 4));
    wasm.dispose();
    await tf.setBackend('cpu');
    for (const { offset, size } of layoutOf(described.weights).slots) {
      const part = (values: Float32Array) => values.subarray(offset, offset + size);
      const largest = Math.max(1e-3, ...part(expected.gradient).map(Math.abs));
      for (let i = 0; i < size; i++) {
        const difference = part(actual.gradient)[i]! - part(expected.gradient)[i]!;
        expect(Math.abs(difference) / largest).toBeLessThan(1e-4);
      }
    }
  });
});
