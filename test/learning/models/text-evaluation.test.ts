/** An evaluation of text: every position is in the confusion matrix, and counts alike in the accuracy. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { headOf } from '../../../coordinator/prepare/model/topology/reference.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import { createEagerEngine } from '../../../engine/eager/engine.js';
import type { Batch } from '../../../engine/engine.js';
import { MAX_CONFUSION_CLASSES } from '../../../shared/data/confusion.js';
import { Random } from '../../../shared/numerics/random.js';

const [COUNT, LENGTH] = [3, 5];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function evaluated(classes: number) {
  const random = new Random(4);
  const tokens = () => Int32Array.from({ length: COUNT * LENGTH }, () => random.below(classes));
  const batch: Batch = { count: COUNT, x: tokens(), y: tokens() };
  const data = {
    name: 'test',
    x: { shape: [LENGTH], dtype: 'int32' as const },
    y: { shape: [LENGTH], dtype: 'int32' as const },
    label: { kind: 'class' as const, classes },
    normalisation: { scale: 1, mean: [0], std: [1] },
    train: batch,
    test: batch,
  };
  const { description, weights } = await buildTopology({
    model: 'lstm:4',
    data: headOf(data),
    loss: undefined,
    seed: 2,
  });
  const engine = await createEagerEngine({
    ...{ tf, backend: 'cpu', engineClass: 'test', model: description, manifest: data },
  });
  await engine.setWeights(weights);
  const sums = await engine.evaluate(batch);
  engine.dispose();
  return { ...sums, y: batch.y };
}

it('counts each position once, in the row of its class, and the diagonal is the accuracy', async () => {
  const { confusion, metric, loss, y } = await evaluated(4);
  for (let actual = 0; actual < 4; actual++) {
    const row = confusion!.subarray(4 * actual, 4 * actual + 4).reduce((a, b) => a + b);
    expect(row).toBe([...y].filter((label) => label === actual).length);
  }
  const right = [0, 5, 10, 15].reduce((sum, cell) => sum + confusion![cell]!, 0);
  expect(metric).toBeCloseTo(right / LENGTH, 5);
  // An untrained model is about as good as a guess.
  expect(loss / COUNT).toBeGreaterThan(1);
  expect(loss / COUNT).toBeLessThan(2);
});

it('leaves the confusion matrix out where it would fit no message', async () => {
  expect((await evaluated(MAX_CONFUSION_CLASSES)).confusion).toHaveLength(MAX_CONFUSION_CLASSES ** 2);
  expect((await evaluated(MAX_CONFUSION_CLASSES + 1)).confusion).toBeUndefined();
});
