/** Runs of rounds: the weights of one worker, whoever came and went; each sample of an epoch once. */
import { expect, it } from 'vitest';
import {
  coordinator,
  metricsOf,
  reached,
  summaryOf,
  temporaryFolder,
  worker,
} from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

/** Neither the records of an epoch nor its updates divide. */
const RUN = [
  ...['--data', 'digits?train=1000&test=200', '--model', 'mlp:24', '--batch-size', '64', '--replicas', '4'],
  ...['--local-steps', '6', '--epochs', '3', '--seed', '7', '--optimizer', 'adam', '--checkpoint-every', '1'],
];

const byOneLane = async (...more: string[]) => {
  const runDir = await temporaryFolder();
  const cluster = await coordinatorHere(runDir, ...RUN, '--local-lanes', '1', ...more);
  expect(await cluster.program.ended).toBe(0);
  return { summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
};

it('rounds end with the same weights when workers and the coordinator are killed', async () => {
  const one = await byOneLane();
  const runDir = await temporaryFolder();
  let cluster = await coordinator(runDir, ...RUN);
  const workers = ['w1', 'w2'].map((name) => worker(cluster.url, '--name', name, '--lanes', '1'));
  await reached(cluster, 2);
  workers.shift()!.child.kill('SIGKILL');
  await reached(cluster, 4);
  cluster.program.child.kill('SIGKILL');
  await cluster.program.ended;
  for (const { child } of workers) child.kill('SIGKILL');
  cluster = await coordinator(runDir, '--resume', '--local-workers', '1');
  expect(await cluster.program.ended).toBe(0);
  const summary = await summaryOf(runDir);
  expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
  expect(metricsOf(runDir)).toEqual(one.metrics);
  expect(summary.shards.counted).toBe(summary.shards.expected);
  // 16 updates of an epoch in three rounds, the last of which has four.
  expect(summary).toMatchObject({ steps: 9, updates: 48, epochs: 3, samplesTrained: 3000 });
  const updates = metricsOf(runDir).flatMap((line) => (line.type === 'step' ? [line.updates] : []));
  expect(updates).toEqual([6, 12, 16, 22, 28, 32, 38, 44, 48]);
});

it('rounds have one result for one lane and for two, with changes that travel coded', async () => {
  const one = await byOneLane('--exchange', 'int8', '--epochs', '1');
  const runDir = await temporaryFolder();
  const options = ['--exchange', 'int8', '--epochs', '1', '--local-lanes', '2'];
  const cluster = await coordinatorHere(runDir, ...RUN, ...options);
  expect(await cluster.program.ended).toBe(0);
  expect((await summaryOf(runDir)).weightsSha256).toBe(one.summary.weightsSha256);
});
