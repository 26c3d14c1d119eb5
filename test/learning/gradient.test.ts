/**
 * The gradient of a step, however it was cut, spread and delayed, is that of one process on the whole
 * batch. The reference is plain TF.js: the mean of the losses of the whole batch, and its gradient.
 */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainStep } from '../../coordinator/run/phases.js';
import { NodeComputer } from '../../engine/compute-node.js';
import type { Engine, Shard } from '../../engine/engine.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { shardBounds } from '../../shared/numerics/tree.js';
import type { Optimizer } from '../../shared/numerics/update/optimizers/optimizer.js';
import { batchOf, cpuEngine, imageData, type Problem, problem } from '../support/models/learning.js';
import { limitsOf } from '../support/simulation/limits.js';
import { ManualClock, MemoryNetwork } from '../support/simulation/memory-network.js';
import { sectionsOf, testCore } from '../support/simulation/test-run.js';

/** Changes no weight, and keeps the mean gradient in a state vector, where the test finds it. */
const keepGradient: Optimizer = {
  slots: [{ name: 'gradient', initial: 0 }],
  update(kernels, { weights, next, gradient, meanOf, slots: [kept] }) {
    const squares = meanOf ? kernels.mean(gradient, meanOf) : 0;
    next.set(weights);
    kept!.set(gradient);
    return squares;
  },
};

interface Cut {
  batchSize: number;
  shards: number;
  workers: number;
  deaths: number;
  seed: number;
}

/** The mean gradient of a step as a swarm computes it. */
async function distributed(subject: Problem, engine: Engine, cut: Cut) {
  const { batchSize, shards, workers, deaths, seed } = cut;
  const layout = layoutOf(subject.built.description.weights);
  const clock = new ManualClock();
  const core = testCore({ layout, weights: subject.built.weights, optimizer: keepGradient, shards, clock });
  const batches = {
    assemble: async (indices: Uint32Array) => batchOf(subject.data, indices),
    range: async () => Promise.reject(new Error('nothing is evaluated here')),
  };
  const network = new MemoryNetwork(core, clock, seed);
  // One engine for all: a computation is synchronous in TF.js, and begins by taking its own weights.
  const computer = new NodeComputer(engine);
  const material = () => ({
    layout,
    train: batches,
    test: batches,
    order: () => Uint32Array.from({ length: batchSize }, (_, i) => i),
    limits: limitsOf(layout, batchSize),
    compute: {
      name: engine.name,
      engineClass: engine.engineClass,
      reason: 'test',
      allocate: (elements: number) => new Float32Array(elements),
      setWeights: (weights: Float32Array) => engine.setWeights(weights),
      computeNode: (shards: Shard[], into: Float32Array) => computer.compute(shards, into),
      evaluate: engine.evaluate.bind(engine),
      close: async () => undefined,
    },
  });
  for (let i = 0; i < workers; i++) network.join(`worker ${i}`, material());
  const counters = { expected: 0, counted: 0, reissued: 0, rejected: 0, duplicates: 0 };
  const stop = new AbortController().signal;
  try {
    await network.deliver(core.swarm.atLeast(workers, stop));
    const bounds = shardBounds(batchSize, shards);
    const around = { core, counters };
    const step = trainStep({ step: 0, epoch: 0, bounds }, 0, around, stop);
    let [left, turns] = [Math.min(deaths, workers - 1), 0];
    const sums = await network.deliver(step, () => {
      // Every few deliveries one of the workers dies, as long as another is left.
      if (left > 0 && ++turns % 7 === 0) network.workers[--left]!.kill();
    });
    core.pipeline.end();
    return { sums, counters, gradient: sectionsOf(core.pipeline).get('gradient')! };
  } finally {
    network.close();
  }
}

/** Plain TF.js on the whole batch. */
async function reference({ data, built }: Problem, batchSize: number) {
  const model = await tf.models.modelFromJSON(built.description.topology as never);
  const layout = layoutOf(built.description.weights);
  for (const [i, { offset, size, shape }] of layout.slots.entries()) {
    model.weights[i]!.write(tf.tensor(built.weights.slice(offset, offset + size), shape));
  }
  const { x, y } = batchOf(
    data,
    Array.from({ length: batchSize }, (_, i) => i),
  );
  const { scale, mean, std } = data.normalisation;
  const loss = () => {
    const raw = tf.tensor(Float32Array.from(x), [batchSize, ...data.x.shape]);
    const probabilities = model.apply(raw.mul(scale).sub(mean[0]!).div(std[0]!), {
      training: true,
    }) as tf.Tensor;
    const oneHot = tf.oneHot(tf.tensor1d([...y], 'int32'), built.description.outputShape[0]!);
    return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.log(probabilities)), -1))) as tf.Scalar;
  };
  const { value, grads } = tf.variableGrads(loss);
  const gradient = new Float32Array(layout.total);
  for (const [i, slot] of layout.slots.entries()) {
    gradient.set(grads[(model.trainableWeights[i]!.read() as tf.Variable).name]!.dataSync(), slot.offset);
  }
  const result = { loss: value.dataSync()[0]!, gradient };
  model.dispose();
  tf.dispose([value, ...Object.values(grads)]);
  return result;
}

/** Largest difference of a weight's gradient, relative to its largest value. */
function distance(subject: Problem, actual: Float32Array, expected: Float32Array): number {
  const slots = layoutOf(subject.built.description.weights).slots;
  return Math.max(
    ...slots.map(({ offset, size }) => {
      const part = (values: Float32Array) => values.subarray(offset, offset + size);
      const max = part(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      const worst = part(actual).reduce(
        (most, value, i) => Math.max(most, Math.abs(value - part(expected)[i]!)),
        0,
      );
      return worst / max;
    }),
  );
}

const cuts = fc.record({
  batchSize: fc.integer({ min: 1, max: 40 }),
  shards: fc.constantFrom(1, 2, 4, 8, 16),
  workers: fc.integer({ min: 1, max: 5 }),
  deaths: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(),
});

describe('the distributed gradient of a step', () => {
  it.each([
    // Smooth activations: a ReLU's sign may hang on the last bit of its input.
    ['dense', { activation: 'tanh' }],
    ['convolution', { activation: 'elu' }],
  ] as const)('equals that of plain TF.js on the whole batch: %s', async (kind, { activation }) => {
    const subject = await problem(imageData(40, [6, 6, 1], 4), (tensorflow, { inputShape, outputs }) => {
      const model = tensorflow.sequential();
      if (kind === 'convolution') {
        model.add(tensorflow.layers.conv2d({ filters: 3, kernelSize: 3, activation, inputShape }));
        model.add(tensorflow.layers.flatten());
      } else {
        model.add(tensorflow.layers.flatten({ inputShape }));
        model.add(tensorflow.layers.dense({ units: 9, activation }));
      }
      model.add(tensorflow.layers.dense({ units: outputs, activation: 'softmax' }));
      return model;
    });
    const engine = await cpuEngine(subject);
    await fc.assert(
      fc.asyncProperty(cuts, async (cut) => {
        const { sums, counters, gradient } = await distributed(subject, engine, cut);
        const expected = await reference(subject, cut.batchSize);
        expect(sums.samples).toBe(cut.batchSize);
        expect(counters.counted).toBe(cut.shards);
        expect(Math.abs(sums.loss / cut.batchSize - expected.loss) / expected.loss).toBeLessThan(1e-6);
        expect(distance(subject, gradient, expected.gradient)).toBeLessThan(1e-6);
      }),
      { numRuns: 60 },
    );
    engine.dispose();
  });

  it('has the same bits for any number of workers, any deaths and any order of delivery', async () => {
    const subject = await problem(imageData(40, [5, 5, 1], 3), 'mlp:7');
    const engine = await cpuEngine(subject);
    await fc.assert(
      fc.asyncProperty(cuts, async (cut) => {
        const alone = await distributed(subject, engine, { ...cut, workers: 1, deaths: 0 });
        const many = await distributed(subject, engine, cut);
        expect(many.gradient).toEqual(alone.gradient);
        expect(many.sums).toEqual(alone.sums);
      }),
      { numRuns: 60 },
    );
    engine.dispose();
  });
});
