/** What do checkpoints cost? The same run with one worker, without any and at the default interval. */
import { COORDINATOR_OPTIONS } from '../coordinator/options/options.js';
import { frameworkStepMs } from './overhead.js';
import type { Bench, BenchResult } from './support/question.js';
import { median } from './support/statistics.js';

const STEPS = 400;
const ENGINE = 'eager/wasm';
/** 2.4 MB of weights, and as much again for each of Adam's two state vectors. */
const RUN = { model: 'mlp:512,256', optimizer: 'adam', batchSize: 128 } as const;

export const checkpoints: Bench = {
  question: 'how much slower is a run with checkpoints than without? (goal: 3.5 % at the default interval)',
  async run({ quick, log }) {
    const results: BenchResult[] = [];
    const rounds = quick ? 1 : 6;
    for (const every of [COORDINATOR_OPTIONS.checkpointEvery.default, 10]) {
      const [without, withThem]: [number[], number[]] = [[], []];
      // In turns, and each first as often as second: a change in the machine's speed meets both.
      for (let round = 0; round < rounds; round++) {
        const measures = [
          async () => without.push(await frameworkStepMs(RUN, ENGINE, STEPS)),
          async () => withThem.push(await frameworkStepMs({ ...RUN, checkpointEvery: every }, ENGINE, STEPS)),
        ];
        for (const measure of round % 2 === 0 ? measures : measures.reverse()) await measure();
        log(
          `  every ${every}: ${without.at(-1)!.toFixed(2)} ms a step without, ${withThem.at(-1)!.toFixed(2)} ms with`,
        );
      }
      const [withoutMs, withMs] = [median(without), median(withThem)];
      const slowerPercent = 100 * (withMs / withoutMs - 1);
      results.push({ name: `a checkpoint every ${every} steps`, withoutMs, withMs, slowerPercent });
    }
    return results;
  },
};
