/**
 * gpt and lstm against PyTorch: from the same weights and batches, 20 steps of gradient descent give the same
 * losses. The fixture is made by test/learning/references/pytorch/make-text-fixtures.py.
 */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { headOf } from '../../../coordinator/prepare/model/topology/reference.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import { createEagerEngine } from '../../../engine/eager/engine.js';
import type { Batch } from '../../../engine/engine.js';
import { layoutOf } from '../../../shared/numerics/layout.js';

interface Fixture {
  torch: string;
  length: number;
  vocabulary: number;
  batch: number;
  learningRate: number;
  models: {
    model: string;
    weights: { name: string; shape: number[]; values: number[] }[];
    steps: { x: number[]; y: number[]; loss: number }[];
  }[];
}

const url = new URL('../references/fixtures/text-models.json', import.meta.url);
const { torch, length, vocabulary, batch, learningRate, models }: Fixture = JSON.parse(
  readFileSync(url, 'utf8'),
);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each(models)(
  `$model has the losses of PyTorch ${torch} over 20 steps`,
  async ({ model, weights, steps }) => {
    const batches = steps.map(
      ({ x, y }): Batch => ({ count: batch, x: Int32Array.from(x), y: Int32Array.from(y) }),
    );
    const data = {
      name: 'fixture',
      x: { shape: [length], dtype: 'int32' as const },
      y: { shape: [length], dtype: 'int32' as const },
      label: { kind: 'class' as const, classes: vocabulary },
      normalisation: { scale: 1, mean: [0], std: [1] },
      train: batches[0]!,
      test: batches[1]!,
    };
    const { description } = await buildTopology({ model, data: headOf(data), loss: undefined, seed: 1 });
    const layout = layoutOf(description.weights);
    const flat = new Float32Array(layout.total);
    expect(weights.map(({ name }) => name).sort()).toEqual(layout.slots.map(({ name }) => name).sort());
    for (const slot of layout.slots) {
      const given = weights.find(({ name }) => name === slot.name)!;
      expect(given.shape, slot.name).toEqual(slot.shape);
      flat.set(given.values, slot.offset);
    }

    const engine = await createEagerEngine({
      tf,
      backend: 'cpu',
      engineClass: 'test',
      model: description,
      manifest: data,
    });
    const gradient = new Float32Array(layout.total);
    for (const [step, { loss }] of steps.entries()) {
      await engine.setWeights(flat);
      const sums = await engine.gradient(batches[step]!, 1, gradient);
      expect(Math.abs(sums.loss / batch - loss), `step ${step}`).toBeLessThan(1e-5);
      for (let i = 0; i < flat.length; i++) flat[i]! -= (learningRate / batch) * gradient[i]!;
    }
    engine.dispose();
  },
);
