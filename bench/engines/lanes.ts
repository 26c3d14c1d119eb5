/**
 * How much faster is a worker of two lanes than one of one lane, and how near does that come to what the machine gives
 * to two processes that know nothing of each other? All in one run and in turns: a change in the machine's speed meets
 * all. A step is a node of 8 shards with new weights, as a lone worker computes it, without coordinator and socket.
 * Of tabs a step is one of a run with a coordinator on the same machine, which takes its part of the processors.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import { startCoordinator } from '../../coordinator/start.js';
import { CHROMIUM, CHROMIUM_FLAGS } from '../../test/support/browser/chromium-flags.js';
import { startWorker } from '../../worker/node/start.js';
import { CASES } from '../support/cases.js';
import type { Bench, BenchResult } from '../support/question.js';
import { median } from '../support/statistics.js';
import { LaneSteps } from './lane-steps.js';
import { runOfTab } from './tab-run.js';

const ROUNDS = 40;
const WARM_UP = 3;
/** Models that are computed in one run of all shards, in one run each, and with batch normalization. */
const MODELS = ['mlp', 'cnn', 'resnet'];

interface Timed {
  /** Milliseconds of a step; of two processes, until both are done with one each. */
  step(): Promise<number>;
  hash(): string;
  close(): Promise<void>;
}

export const lanes: Bench = {
  question: 'how much faster are two lanes than one, and than two processes would be? (goal: 0.95 of them)',
  async run({ quick, log }) {
    const results: BenchResult[] = [];
    for (const own of CASES.filter(({ model }) => MODELS.includes(model))) {
      const rivals: Timed[] = [
        await LaneSteps.start(own, 1),
        await LaneSteps.start(own, 2),
        await twoProcesses(own.model),
      ];
      const times = rivals.map((): number[] => []);
      for (let round = -WARM_UP; round < (quick ? 8 : ROUNDS); round++) {
        for (const [i, rival] of rivals.entries()) {
          const ms = await rival.step();
          if (round >= 0) times[i]!.push(ms);
        }
      }
      const hashes = rivals.map((rival) => rival.hash());
      for (const rival of rivals) await rival.close();
      const [one, two, processes] = times as [number[], number[], number[]];
      const [oneMs, twoMs, processesMs] = [median(one), median(two), median(processes)];
      const timesFaster = oneMs / twoMs;
      // Each of the two has done a step of its own.
      const limit = (2 * oneMs) / processesMs;
      const ofLimit = timesFaster / limit;
      const sameBits = new Set(hashes).size === 1;
      results.push({ name: own.model, oneMs, twoMs, processesMs, timesFaster, limit, ofLimit, sameBits });
      log(
        `  ${own.model}: one lane ${oneMs.toFixed(1)} ms, two ${twoMs.toFixed(1)} ms (${timesFaster.toFixed(2)} times); two processes ${limit.toFixed(2)} times`,
      );
    }
    return [...results, ...(await tabs(quick, log))];
  },
};

const TAB_MODELS = ['mlp', 'cnn'];

/** One tab in Chromium, of one lane and of two, and the weights that a worker in Node ends with. */
async function tabs(quick: boolean, log: (line: string) => void): Promise<BenchResult[]> {
  if (!existsSync(CHROMIUM)) {
    log(`tabs skipped: there is no Chromium at ${CHROMIUM} (or CHROMIUM=PATH)`);
    return [];
  }
  const chrome = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  const [rounds, steps, warmUp] = quick ? [1, 10, 3] : [3, 40, 5];
  try {
    const results: BenchResult[] = [];
    for (const model of TAB_MODELS) {
      const data = 'digits?train=4000&test=100';
      const options: GivenCoordinatorOptions = { data, model, batchSize: 128, shards: 8, seed: 1 };
      const times: [number[], number[]] = [[], []];
      const hashes = new Set([await hashByNode({ ...options, steps: warmUp + steps })]);
      for (let round = 0; round < rounds; round++) {
        for (const cores of [1, 2]) {
          const run = { options, engine: 'compiled/wasm', cores, steps, warmUp };
          const { stepMs, hash } = await runOfTab(chrome, run);
          times[cores - 1]!.push(stepMs);
          hashes.add(hash);
        }
      }
      const [oneMs, twoMs] = [median(times[0]), median(times[1])];
      const timesFaster = oneMs / twoMs;
      results.push({ name: `${model}, tab`, oneMs, twoMs, timesFaster, sameBits: hashes.size === 1 });
      log(
        `  ${model}, tab: one lane ${oneMs.toFixed(1)} ms, two ${twoMs.toFixed(1)} ms (${timesFaster.toFixed(2)} times)`,
      );
    }
    return results;
  } finally {
    await chrome.close();
  }
}

/** The hash of the weights that one lane of the same engine in Node ends with. */
async function hashByNode(options: GivenCoordinatorOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-'));
  const runDir = join(folder, 'run');
  const coordinator = await startCoordinator({ ...options, checkpointEvery: 0, port: 0, runDir });
  const worker = startWorker({ url: coordinator.url, engine: 'compiled/wasm', lanes: 1 });
  try {
    return (await coordinator.finished).weightsSha256;
  } finally {
    await worker.stop();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two processes of one lane each, which begin at the same time. */
async function twoProcesses(model: string): Promise<Timed> {
  const script = fileURLToPath(new URL('./lane-process.ts', import.meta.url));
  const children = [1, 2].map(() => fork(script, [model], { execArgv: ['--import', 'tsx'] }));
  const answers = () =>
    Promise.all(children.map(async (child) => (await once(child, 'message'))[0] as string));
  let hash = '';
  await answers();
  return {
    async step() {
      const started = performance.now();
      const answered = answers();
      for (const child of children) child.send('step');
      [hash] = (await answered) as [string];
      return performance.now() - started;
    },
    hash: () => hash,
    async close() {
      for (const child of children) child.kill();
    },
  };
}
