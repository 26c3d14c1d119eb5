/**
 * A run with workers that die and join, against the loop that anyone would write in plain TF.js: the same
 * order of samples, batch by batch, each once an epoch. One sample left out or counted twice would show.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { openData } from '../../coordinator/prepare/data/sources/sources.js';
import { readModelFile } from '../../coordinator/prepare/model/file/read.js';
import { INPUT_LAYER } from '../../shared/models/portable-names.js';
import { epochOrder, parseShuffle } from '../../shared/numerics/permutation.js';
import { coordinator, reached, summaryOf, temporaryFolder, worker } from '../support/cluster/cluster.js';
import { batchOf, problem } from '../support/models/learning.js';

const [RECORDS, BATCH, EPOCHS, SEED, LR] = [500, 64, 2, 9, 0.02];
const DATA = `digits?train=${RECORDS}&test=50`;

async function plainLoop(): Promise<{ weights: Float32Array[]; losses: number[] }> {
  const data = await openData(DATA);
  const { std, mean, scale } = data.normalisation;
  // What the run starts from, by the same seed; all that follows is plain.
  const { built } = await problem(data, 'linear', undefined, SEED);
  await tf.setBackend('cpu');
  const kernel = tf.variable(tf.tensor2d(built.weights.slice(0, 7840), [784, 10]));
  const bias = tf.variable(tf.tensor1d(built.weights.slice(7840)));
  const optimizer = tf.train.sgd(LR);
  const losses: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const shuffle = parseShuffle('full');
    const order = epochOrder({ records: RECORDS, recordsPerChunk: RECORDS, seed: SEED, epoch, shuffle });
    expect(new Set(order).size).toBe(RECORDS);
    for (let from = 0; from < RECORDS; from += BATCH) {
      const { count, x, y } = batchOf(data, order.subarray(from, from + BATCH));
      const loss = optimizer.minimize(() => {
        const input = tf.tensor2d(
          Float32Array.from(x, (value) => (value * scale - mean[0]!) / std[0]!),
          [count, 784],
        );
        const labels = tf.oneHot(tf.tensor1d([...y], 'int32'), 10);
        return tf.losses.softmaxCrossEntropy(labels, input.matMul(kernel).add(bias)) as tf.Scalar;
      }, true);
      losses.push(loss!.dataSync()[0]!);
    }
  }
  return { weights: [kernel, bias].map((weight) => weight.dataSync() as Float32Array), losses };
}

it('trains each sample exactly once an epoch, whoever dies and joins', async () => {
  const runDir = await temporaryFolder();
  const cluster = await coordinator(
    runDir,
    ...['--data', DATA, '--model', 'linear', '--batch-size', String(BATCH), '--epochs', String(EPOCHS)],
    ...['--seed', String(SEED), '--optimizer', 'sgd', '--momentum', '0', '--lr', String(LR)],
    ...['--schedule', 'constant', '--shards', '8', '--linger', '--evaluate-every', '1000'],
  );
  const add = (name: string) =>
    worker(cluster.url, '--engine', 'eager/cpu', '--name', name, '--cache-mb', '0');
  const workers = [add('a'), add('b')];
  for (const step of [2, 8]) {
    await reached(cluster, step);
    workers.shift()!.child.kill('SIGKILL');
    workers.push(add(`late-${step}`));
  }
  await cluster.program.line(/^finished after/);
  cluster.program.child.kill('SIGINT');
  await cluster.program.ended;

  const summary = await summaryOf(runDir);
  expect(summary.shards.counted).toBe(summary.shards.expected);
  expect(summary.samplesTrained).toBe(EPOCHS * RECORDS);
  const { weights, losses } = await plainLoop();
  const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const trained = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step');
  expect(trained.length).toBe(losses.length);
  for (const [at, { loss }] of trained.entries()) expect(loss).toBeCloseTo(losses[at]!, 4);
  const { weights: exported } = await readModelFile(join(runDir, 'model', 'model.json'));
  // The layer in front, which takes pixels as they are, was not trained.
  const kept = exported!.filter(({ name }) => !name.startsWith(`${INPUT_LAYER}/`));
  expect(kept.length).toBe(weights.length);
  for (const [at, { values }] of kept.entries()) {
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - weights[at]![i]!)), 0);
    expect(worst).toBeLessThan(2e-5);
  }
});
