/**
 * What does the framework cost? One worker in a real run against a bare loop over the same engine: the same
 * model, shards and optimizer, without coordinator, sockets or processes. The worker is a process of its own, or a lane
 * in the coordinator's.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SINGLE_THREADED_GC } from '../cli/input/node-flags.js';
import type { GivenCoordinatorOptions } from '../coordinator/options/options.js';
import { prepare, shardSamplesOf } from '../coordinator/prepare/prepare.js';
import { configure, updateRuleOf } from '../coordinator/setup/configure.js';
import { type RunningCoordinator, startCoordinator } from '../coordinator/start.js';
import { startEngineThread } from '../engine/node/engine-thread.js';
import { layoutOf } from '../shared/numerics/layout.js';
import { shardBounds } from '../shared/numerics/tree.js';
import { createKernels } from '../shared/numerics/update/kernels/create.js';
import { Batches } from '../worker/data/batches.js';
import { MemoryCache } from '../worker/data/object-cache.js';
import { startWorkerWithin } from '../worker/node/start.js';
import type { Bench, BenchResult } from './support/question.js';
import { median } from './support/statistics.js';

const BIN = fileURLToPath(new URL('../dist/cli/swarmgrad.js', import.meta.url));
/** Steps before the measured ones: caches fill, code is compiled. */
const WARM_UP = 20;

interface Case {
  name: string;
  options: GivenCoordinatorOptions;
  steps: number;
  /** By default the fastest. */
  engine?: string;
}

const CASES: Case[] = [
  {
    name: "mlp, batch 128, TF.js's own engine",
    options: { model: 'mlp', batchSize: 128 },
    steps: 40,
    engine: 'eager/wasm',
  },
  { name: 'mlp, batch 128', options: { model: 'mlp', batchSize: 128 }, steps: 200 },
  { name: 'cnn, batch 64', options: { model: 'cnn', batchSize: 64 }, steps: 60 },
];

export const overhead: Bench = {
  question:
    'how much slower is a run with one worker than a bare loop over the same engine? (goals: 10 %; 3 % in a lane of the coordinator)',
  async run({ quick, log }) {
    const results: BenchResult[] = [];
    for (const { name, options, steps, engine: wanted = 'auto' } of CASES) {
      const [bare, framework, lane]: [number[], number[], number[]] = [[], [], []];
      const measured = Math.ceil(steps / (quick ? 4 : 1));
      // In turns: a change in the machine's speed meets both.
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        const { engine, ms } = await bareStepMs(options, wanted, measured);
        bare.push(ms);
        framework.push(await frameworkStepMs(options, engine, measured));
        lane.push(await frameworkStepMs(options, engine, measured, startLane));
        const [run, inLane] = [framework, lane].map((times) => times.at(-1)!.toFixed(2));
        log(`  ${name}, ${engine}: bare ${ms.toFixed(2)} ms a step, run ${run} ms, in a lane ${inLane} ms`);
      }
      const [bareMs, runMs, laneMs] = [bare, framework, lane].map(median) as [number, number, number];
      results.push({
        name,
        bareMs,
        runMs,
        ratio: runMs / bareMs,
        overheadPercent: 100 * (runMs / bareMs - 1),
        laneMs,
        laneRatio: laneMs / bareMs,
      });
    }
    return results;
  },
};

/** Forward, backward and update over and over, on one global batch. */
async function bareStepMs(
  options: GivenCoordinatorOptions,
  wanted: string,
  steps: number,
): Promise<{ engine: string; ms: number }> {
  const configuration = configure(options);
  const {
    description,
    weights: initial,
    train,
    objects,
    hashes,
  } = await prepare(configuration, configuration.model);
  const probe = JSON.parse(objects.get(hashes.probe)!.toString());
  const shardSamples = shardSamplesOf(configuration);
  const compute = await startEngineThread({
    model: description,
    manifest: train,
    probe,
    shardSamples,
    wanted,
  });
  const layout = layoutOf(description.weights);
  const kernels = createKernels({ capacityFloats: 8 * (layout.total + 16) });
  const { optimizer } = updateRuleOf(configuration);
  const vector = (values?: Float32Array) => {
    const allocated = kernels.allocate(layout.total);
    if (values) allocated.set(values);
    return allocated;
  };
  let [weights, next] = [vector(initial), vector()];
  const gradient = vector();
  const slots = optimizer.slots.map(({ initial }) => vector().fill(initial));
  const [sharedWeights, sum] = [compute.allocate(layout.total), compute.allocate(layout.total)];
  const bounds = shardBounds(configuration.batchSize, configuration.shards as number);
  const batches = new Batches({
    manifest: train,
    fetchObject: async (hash) => objects.get(hash)!,
    cache: new MemoryCache(0),
    sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
  });
  let started = 0;
  for (let step = 0; step < WARM_UP + steps; step++) {
    if (step === WARM_UP) started = performance.now();
    const shards = await Promise.all(
      bounds.slice(1).map(async (to, at) => ({ batch: await batches.range(bounds[at]!, to), seed: step })),
    );
    sharedWeights.set(weights);
    await compute.setWeights(sharedWeights);
    await compute.computeNode(shards, sum);
    gradient.set(sum);
    kernels.divide(gradient, configuration.batchSize);
    optimizer.update(
      kernels,
      { weights, next, gradient, slots },
      { learningRate: configuration.lr, t: step + 1 },
    );
    [weights, next] = [next, weights];
  }
  const ms = (performance.now() - started) / steps;
  await compute.close();
  return { engine: compute.name, ms };
}

/** Milliseconds of a step of a real run with one worker. */
export async function frameworkStepMs(
  options: GivenCoordinatorOptions,
  engine: string,
  steps: number,
  startWorker: StartWorker = startProcess,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-'));
  const all = WARM_UP + steps;
  const coordinator = await startCoordinator({
    checkpointEvery: 0,
    ...options,
    steps: all,
    evaluateEvery: all,
    port: 0,
    runDir: join(folder, 'run'),
  });
  const worker = startWorker(coordinator, engine);
  try {
    await coordinator.finished;
    await worker.ended;
    const lines = (await readFile(join(coordinator.runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const times = lines
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'step')
      .map(({ time }) => time);
    return ((times.at(-1) - times[WARM_UP - 1]) * 1000) / steps;
  } finally {
    await worker.stop();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export type StartWorker = (
  coordinator: Pick<RunningCoordinator, 'url' | 'door'>,
  engine: string,
) => { ended: Promise<unknown>; stop(): unknown };

export const startProcess: StartWorker = ({ url }, engine) => {
  const args = [SINGLE_THREADED_GC, BIN, 'worker', url, '--engine', engine, '--cache-mb', '0'];
  const worker = spawn(process.execPath, args, { stdio: 'ignore' });
  return { ended: once(worker, 'exit'), stop: () => worker.kill() };
};

const startLane: StartWorker = ({ door }, engine) => {
  const { finished, stop } = startWorkerWithin(door, { engine, lanes: 1 });
  return { ended: finished, stop };
};
