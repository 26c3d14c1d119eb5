/** The promise of this project, on real processes: the same weights, whoever came and went. */
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  administer,
  coordinator,
  metricsOf,
  reached,
  statusThat,
  summaryOf,
  temporaryFolder,
  waiting,
  worker,
} from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';
import { expectAsOfOne, oneWorker, RUN } from './exact-run.js';

const join = (url: string, name: string, ...options: string[]) =>
  worker(url, '--name', name, '--cache-mb', '0', ...options);

describe('the weights after a run', () => {
  it('are those of one worker over a socket, bit for bit, by lanes within the process of the coordinator', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, '--local-lanes', '2');
    expect(await cluster.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    const one = await oneWorker();
    expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
    expect(metricsOf(runDir)).toEqual(one.metrics);
    expect(summary.shards).toEqual(one.summary.shards);
    expect(summary.reproducible).toEqual(one.summary.reproducible);
    expect(summary.workers).toEqual([{ ...one.summary.workers[0], name: hostname() }]);
    expect(summary.bytes).toEqual({ up: 0, down: 0 });
  });

  it('are those of one worker where some join by sockets beside such lanes', async () => {
    const runDir = await temporaryFolder();
    const both = ['--local-lanes', '1', '--local-workers', '2', '--min-workers', '3'];
    const cluster = await coordinatorHere(runDir, ...RUN, ...both);
    expect(await cluster.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    await expectAsOfOne({ summary, metrics: metricsOf(runDir) });
    expect(summary.reproducible.holds).toBe(true);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
  });

  it('are the same when workers are killed every few steps and others join', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, '--linger');
    const workers = ['w1', 'w2'].map((name) => join(cluster.url, name));
    for (const step of [3, 12, 24]) {
      await reached(cluster, step);
      workers.shift()!.child.kill('SIGKILL');
      workers.push(join(cluster.url, `late-${step}`));
    }
    // It tells those that come late too, while it serves on.
    await Promise.all(workers.map(({ ended }) => ended));
    await cluster.stop();
    const summary = await summaryOf(runDir);
    await expectAsOfOne({ summary, metrics: metricsOf(runDir) });
  });

  it('are the same with workers of two lanes, one of which is killed in the middle of a step', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, '--linger');
    await waiting(cluster);
    await administer(cluster.url, 'pause');
    const pair = join(cluster.url, 'pair', '--lanes', '2');
    await pair.line(/engine 2 lanes of/);
    // It makes the first step alone. It has its leases of the second, and nothing is done, when it is killed.
    await statusThat(cluster, 'paused', ({ state }) => state === 'paused');
    pair.child.kill('SIGSTOP');
    await administer(cluster.url, 'resume');
    await statusThat(cluster, 'computing', ({ workers }) => workers[0]?.state === 'computing');
    pair.child.kill('SIGKILL');
    await cluster.program.line(/pair left/);
    const late = join(cluster.url, 'late', '--lanes', '2');
    await late.line(/engine 2 lanes of/);
    expect(await late.ended).toBe(0);
    await cluster.stop();
    const summary = await summaryOf(runDir);
    await expectAsOfOne({ summary, metrics: metricsOf(runDir).filter(({ type }) => type !== 'change') });
    const samples = Object.fromEntries(summary.workers.map(({ name, samples }) => [name, samples]));
    expect(samples).toEqual({ pair: 64, late: 3000 - 64 });
  });

  it('are the same, with pictures that are changed by chance and gradients and weights that travel coded, by lanes and by workers that are killed and join', async () => {
    const augmented = [
      ...RUN,
      '--augment',
      'flip,crop:2,rotate:10,cutout:3,brightness:0.2',
      ...['--exchange', 'int8', '--weights', 'delta4'],
    ];
    const alone = await temporaryFolder();
    const one = await coordinatorHere(alone, ...augmented, '--local-lanes', '1');
    expect(await one.program.ended).toBe(0);
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...augmented, '--linger');
    const workers = ['w1', 'w2', 'w3'].map((name) => join(cluster.url, name));
    await reached(cluster, 6);
    workers.shift()!.child.kill('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
    await cluster.stop();
    expect((await summaryOf(runDir)).weightsSha256).toBe((await summaryOf(alone)).weightsSha256);
    expect(metricsOf(runDir)).toEqual(metricsOf(alone));
    expect((await summaryOf(alone)).weightsSha256).not.toBe((await oneWorker()).summary.weightsSha256);
  });

  it('are the same when the coordinator is killed twice and resumed', async () => {
    const runDir = await temporaryFolder();
    let cluster = await coordinator(runDir, ...RUN, '--local-workers', '1');
    for (const at of [3, 24]) {
      await reached(cluster, at);
      cluster.program.child.kill('SIGKILL');
      await cluster.program.ended;
      cluster = await coordinator(runDir, '--resume');
    }
    expect(await cluster.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    const one = await oneWorker();
    await expectAsOfOne({ summary, metrics: metricsOf(runDir) });
    expect(summary.shards.expected).toBe(one.summary.shards.expected);
  });

  it('are the same when the run is stopped cleanly and resumed, and nothing is computed twice', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--checkpoint-every', '0');
    await waiting(cluster);
    // After its first step the run waits, for a worker that stands still in the second when it is stopped.
    await administer(cluster.url, 'pause');
    const first = join(cluster.url, 'first');
    await statusThat(cluster, 'paused', ({ state }) => state === 'paused');
    first.child.kill('SIGSTOP');
    await administer(cluster.url, 'resume');
    await statusThat(cluster, 'training', ({ state }) => state === 'training');
    cluster.program.child.kill('SIGINT');
    await cluster.program.line(/^stopping/);
    first.child.kill('SIGCONT');
    expect(await cluster.program.ended).toBe(130);
    expect(await summaryOf(runDir)).toMatchObject({ status: 'stopped', steps: 2 });
    const resumed = await coordinatorHere(runDir, '--resume', '--local-workers', '1');
    expect(await resumed.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    const one = await oneWorker();
    expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
    expect(metricsOf(runDir).filter(({ type }) => type !== 'change')).toEqual(one.metrics);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
  });
});

/** Neither the records of an epoch nor its updates divide. */
const ROUNDS = [
  ...['--data', 'digits?train=1000&test=200', '--model', 'mlp:24', '--batch-size', '64', '--replicas', '4'],
  ...['--local-steps', '6', '--epochs', '3', '--seed', '7', '--optimizer', 'adam', '--checkpoint-every', '1'],
];

const byOneLane = async (...more: string[]) => {
  const runDir = await temporaryFolder();
  const cluster = await coordinatorHere(runDir, ...ROUNDS, '--local-lanes', '1', ...more);
  expect(await cluster.program.ended).toBe(0);
  return { summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
};

describe('the weights after rounds of many updates', () => {
  it('are the same when workers and the coordinator are killed', async () => {
    const one = await byOneLane();
    const runDir = await temporaryFolder();
    let cluster = await coordinator(runDir, ...ROUNDS);
    const workers = ['w1', 'w2'].map((name) => join(cluster.url, name, '--lanes', '1'));
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

  it('are the same by one lane and by two, with changes that travel coded', async () => {
    const one = await byOneLane('--exchange', 'int8', '--epochs', '1');
    const runDir = await temporaryFolder();
    const options = ['--exchange', 'int8', '--epochs', '1', '--local-lanes', '2'];
    const cluster = await coordinatorHere(runDir, ...ROUNDS, ...options);
    expect(await cluster.program.ended).toBe(0);
    expect((await summaryOf(runDir)).weightsSha256).toBe(one.summary.weightsSha256);
  });
});
