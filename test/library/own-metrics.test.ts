import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import {
  type OwnFunction,
  type StartCoordinatorOptions,
  startCoordinator,
  startWorker,
} from '../../index.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { refusalOf } from '../support/refusal.js';

/** Brier score, and the same as accuracy. */
const brier: OwnFunction =
  ({ tf }) =>
  (yTrue, yPred) =>
    tf.squaredDifference(yPred, tf.oneHot(yTrue.toInt(), yPred.shape[1]!)).sum(-1);
const hit: OwnFunction =
  ({ tf }) =>
  (yTrue, yPred) =>
    tf.equal(tf.argMax(yPred, -1), yTrue).toFloat();

async function run(runDir: string, workers: number, more: StartCoordinatorOptions = {}) {
  const coordinator = await startCoordinator({
    ...{
      data: 'digits?train=500&test=300',
      model: 'linear',
      steps: 6,
      schedule: 'constant',
      minWorkers: workers,
      port: 0,
      runDir,
    },
    metrics: { auc: true, top1: true, top3: true, brier, hit },
    ...more,
  });
  const joined = Array.from({ length: workers }, () => startWorker({ url: coordinator.url, lanes: 1 }));
  const { test } = await coordinator.finished;
  await Promise.all(joined.map(({ finished }) => finished));
  await coordinator.close();
  return test!;
}

it('metrics of ours and of a program are the same with three workers, for a resumed run, and for evaluate', async () => {
  const folder = await temporaryFolder();
  const runDir = join(folder, 'one');
  const one = await run(runDir, 1);
  const { auc, top1, top3, brier, hit } = one.metrics!;
  expect(top1).toBeCloseTo(one.accuracy!, 12);
  expect(hit).toBe(top1);
  expect(top3).toBeGreaterThan(top1!);
  expect(auc).toBeGreaterThan(0.6);
  // Of probabilities it is at most 2.
  expect(brier).toBeGreaterThan(0);
  expect(brier).toBeLessThan(2);
  expect(await run(join(folder, 'three'), 3)).toEqual(one);

  const evaluated = await promisify(execFile)('node', [
    ...['dist/cli/swarmgrad.js', 'evaluate', runDir, '--json', '--engine', 'auto'],
  ]);
  expect(JSON.parse(evaluated.stdout).metrics).toEqual(one.metrics);

  // The graphs are in the checkpoint: the functions need not be given again.
  const longer = await run(join(folder, 'longer'), 1, { steps: 8 });
  const resumed = {
    data: undefined,
    model: undefined,
    metrics: undefined,
    minWorkers: undefined,
    schedule: undefined,
    resume: true,
    steps: 8,
  };
  expect(await run(runDir, 1, resumed)).toEqual(longer);
});

it('a metric with the name of another figure, or of no form, is refused', async () => {
  const folder = await temporaryFolder();
  const refused = (metrics: StartCoordinatorOptions['metrics']) =>
    refusalOf(run(join(folder, 'none'), 1, { metrics }));
  expect(await refused({ loss: hit })).toMatch(/^metrics: loss is another figure of a run/);
  expect(await refused({ 'a b': hit })).toMatch(/cannot be called "a b"/);
  expect(await refused({ mixed: () => (_, yPred) => yPred.mean() })).toMatch(
    /^metrics.mixed: the metric cannot be used: it gives a tensor of shape \[\]/,
  );
  expect(await refused('top50')).toMatch(/^--metrics top50 needs more than 50 classes/);
});
