/**
 * How much faster is a worker of two lanes than one of one lane, and how near does that come to what the machine gives
 * to two processes that know nothing of each other? All in one run and in turns: a change in the machine's speed meets
 * all. A step is a node of 8 shards with new weights, as a lone worker computes it, without coordinator and socket.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CASES } from '../support/cases.js';
import type { Bench, BenchResult } from '../support/question.js';
import { median } from '../support/statistics.js';
import { LaneSteps } from './lane-steps.js';

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
    return results;
  },
};

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
