import { describe, expect, it } from 'vitest';
import {
  administer,
  coordinator,
  metricsOf,
  reached,
  summaryOf,
  temporaryFolder,
  waiting,
} from '../support/cluster/cluster.js';
import { lightWorker } from '../support/cluster/light-worker.js';

const OPTIONS = [
  '--data',
  'digits?train=256&test=20',
  '--model',
  'linear',
  '--batch-size',
  '32',
  '--schedule',
  'constant',
  '--steps',
  '60',
];

async function started(more: string[]) {
  const cluster = await coordinator(`${await temporaryFolder()}/run`, ...OPTIONS, ...more);
  // Nobody works yet, and the place before the first step is passed: the change is made after it.
  await waiting(cluster);
  const response = await administer(cluster.url, 'learning-rate', { learningRate: 0.05 });
  expect(response.status).toBe(200);
  lightWorker(cluster.url, 'light', { shardMs: 0 });
  return cluster;
}

describe('a change of the learning rate', () => {
  it('is made again, to the bit, when the run is killed after it and resumed from before it', async () => {
    const undisturbed = await started(['--checkpoint-every', '0']);
    await undisturbed.program.ended;

    // The one checkpoint there is, of step 0, knows nothing of the change.
    const killed = await started(['--checkpoint-every', '1000']);
    await reached(killed, 20);
    killed.program.child.kill('SIGKILL');
    await killed.program.ended;
    const again = await coordinator(killed.runDir, '--resume');
    lightWorker(again.url, 'light', { shardMs: 0 });
    await again.program.ended;

    const [a, b] = [await summaryOf(undisturbed.runDir), await summaryOf(killed.runDir)];
    expect(b.weightsSha256).toBe(a.weightsSha256);
    const rates = (dir: string) =>
      metricsOf(dir)
        .filter(({ type }) => type === 'step')
        .map(({ learningRate }) => learningRate);
    expect(rates(killed.runDir)).toEqual(rates(undisturbed.runDir));
    expect(new Set(rates(killed.runDir).slice(1))).toEqual(new Set([0.05]));
    expect(metricsOf(killed.runDir).filter(({ type }) => type === 'change')).toHaveLength(1);
  });
});
