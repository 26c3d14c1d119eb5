/**
 * How fast is a graphics processor, beside the processor and beside PyTorch on the same one? A step is as in
 * `engine.ts`: from records in the machine's memory to the gradient of every weight there, once the weights are where
 * they are needed. Each model is computed in the batch of a shard, and in one of eight times as many samples: at once,
 * which is what a GPU likes, and as eight shards that one run joins, which has the bits of one after the other.
 */
import { engineCandidates } from '../../engine/node/candidates.js';
import { type BenchSubject, CASES, type Case, subjectOf } from '../support/cases.js';
import type { Bench, BenchResult } from '../support/question.js';
import { PyTorchStep } from '../support/rivals/pytorch-step.js';
import { median } from '../support/statistics.js';
import { formatsOf, inTurns, ofEngine, Rivals, type Timed } from './timed.js';

const [RUNS, QUICK_RUNS] = [30, 5];
/** Fewer in a quick run: Vulkan on a processor takes seconds for what a GPU does in milliseconds. */
const [SHARDS, QUICK_SHARDS] = [8, 2];

export const gpu: Bench = {
  question: 'how long does one training step take on a GPU, beside the processor and PyTorch on CUDA?',
  async run({ quick, python, models, log }) {
    const results: BenchResult[] = [];
    const [runs, most] = quick ? [QUICK_RUNS, QUICK_SHARDS] : [RUNS, SHARDS];
    for (const own of CASES.filter(({ model }) => models?.includes(model) ?? true)) {
      for (const batch of [own.batch, most * own.batch]) {
        const one = { ...own, batch };
        const timed = await start(one, await subjectOf(one), batch / own.batch, python, log);
        const times = await inTurns(timed, runs);
        for (const { close } of timed) close();
        const rivals = timed.flatMap(({ engine }, i) => (engine.startsWith('pytorch') ? [times[i]!] : []));
        const best = Math.min(...rivals.map((steps) => median(steps.map(({ ms }) => ms))));
        for (const [i, { engine }] of timed.entries()) {
          const all = times[i]!.map(({ ms }) => ms);
          const ms = median(all);
          const beside = Number.isFinite(best) ? { timesPyTorch: ms / best } : {};
          const figures = { ms, min: Math.min(...all), samplesPerSecond: (batch / ms) * 1000, ...beside };
          results.push({
            name: `${own.model} ${engine}, ${batch} samples`,
            model: own.model,
            engine,
            batch,
            ...figures,
          });
          log(
            `  ${own.model} ${engine}, ${batch} samples: ${ms.toFixed(2)} ms (least ${figures.min.toFixed(2)})`,
          );
        }
      }
    }
    return results;
  },
};

async function start(
  own: Case,
  subject: BenchSubject,
  shards: number,
  python: string | undefined,
  log: (line: string) => void,
): Promise<Timed[]> {
  const rivals = new Rivals((name) => `${own.model} ${name}, ${own.batch} samples`, log);
  const candidates = engineCandidates(subject);
  for (const name of ['compiled/webgpu', 'compiled/cuda', 'compiled/cpu']) {
    const candidate = candidates.find((one) => one.name === name)!;
    await rivals.start(name, async () => ofEngine(await candidate.start(), subject));
    if (shards > 1 && name === 'compiled/webgpu') {
      await rivals.start(`${name}, ${shards} shards`, async () =>
        ofEngine(await candidate.start(), subject, shards),
      );
    }
  }
  for (const format of python ? formatsOf(own) : [])
    await rivals.start(`pytorch ${format} on cuda`, () => PyTorchStep.start(python!, own, 1, format, 'cuda'));
  return rivals.timed;
}
