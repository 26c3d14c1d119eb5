import { describe, expect, it } from 'vitest';
import type { ModelFunction } from '../../coordinator/prepare/model/topology/request.js';
import { buildTopology } from '../../coordinator/prepare/model/topology/topology.js';
import { compiledEngine, type Subject, subjectOf } from '../../test/support/compiled/subject.js';
import { zoo } from '../../test/support/compiled/zoo.js';
import { distanceFromReference, TOLERANCE } from '../admission.js';
import type { Engine } from '../engine.js';
import { cpuRuntime } from '../node/compiled.js';

const regularized: ModelFunction = (tf) => {
  const kernelRegularizer = tf.regularizers.l2({ l2: 0.05 });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 16, kernelSize: 3, kernelRegularizer }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10, activation: 'softmax', kernelRegularizer }),
    ],
  });
};

async function distanceOf(subject: Subject, change: (engine: Engine) => Engine = (engine) => engine) {
  const { description, data, batch, layout } = subject;
  const first = [batch(4, 1), batch(4, 2)];
  const { probe } = await buildTopology({
    model: description,
    data: { ...data, first },
    loss: undefined,
    seed: 1,
  });
  const { target, ...runtime } = await cpuRuntime();
  const engine = await compiledEngine(subject, target, runtime);
  const sizes: number[] = [];
  const watched: Engine = {
    ...change(engine),
    setWeights: (weights) => engine.setWeights(weights),
    gradient(batch, seed, into) {
      sizes.push(batch.count);
      return change(engine).gradient(batch, seed, into);
    },
  };
  const distance = await distanceFromReference(watched, probe, layout, data);
  engine.dispose();
  return { distance, sizes };
}

describe('the admission probe', () => {
  for (const model of ['cnn', 'resnet', 'gpt:1,32,2']) {
    it(`finds ${model} by the compiled engine right, on a whole block of samples too`, async () => {
      const { distance, sizes } = await distanceOf(await zoo(model));
      expect(distance).toBeLessThan(1e-4);
      expect(sizes).toContain(16);
    });
  }

  it('takes regularizers into account', async () => {
    const { distance, sizes } = await distanceOf(
      await subjectOf({ model: regularized, x: { shape: [8, 8, 3], dtype: 'uint8' } }),
    );
    expect(distance).toBeLessThan(1e-5);
    expect(sizes).toContain(16);
  });

  it('finds an engine out that is wrong on whole blocks only', async () => {
    const { distance } = await distanceOf(await zoo('cnn'), (engine) => ({
      ...engine,
      async gradient(batch, seed, into) {
        const sums = await engine.gradient(batch, seed, into);
        if (batch.count % 16 === 0) into[0]! *= 1.1;
        return sums;
      },
    }));
    expect(distance).toBeGreaterThan(TOLERANCE);
  });
});
