/**
 * How fast are the engines, against TF.js and against PyTorch on the same processor? One training step of each
 * model by each engine in turns, so that a change in the machine's speed meets all; with one thread, then two.
 *
 * A step is what a worker does for a shard of that batch: from records as they are stored to the gradient of
 * every weight, copied into memory that the thread of the socket sees, with loss and metric. PyTorch's is forward,
 * loss and backward of the same model on a batch of the same size, until its parameters have their gradients.
 * Weights and optimizer are left out on both sides. `pytorch` lies images out as PyTorch does by default;
 * `pytorch/channels_last` as its guide recommends for convolutions. `eager/wasm` is TF.js with this project's kernels,
 * `tfjs/wasm` TF.js as it is published, where that can train the model.
 */
import { startCompiled } from '../../engine/compiled/start.js';
import { engineCandidates } from '../../engine/node/candidates.js';
import { cpuRuntime } from '../../engine/node/compiled.js';
import { type BenchSubject, CASES, type Case, subjectOf } from '../support/cases.js';
import type { Bench, BenchResult } from '../support/question.js';
import { PyTorchStep, type StepTime } from '../support/rivals/pytorch-step.js';
import { TfjsStep } from '../support/rivals/tfjs-step.js';
import { median } from '../support/statistics.js';
import { goalRows } from './goals.js';
import { formatsOf, inTurns, ofEngine, Rivals, type Timed } from './timed.js';

const RUNS = 30;

export const engine: Bench = {
  question:
    "how long does one training step take, by engine, beside TF.js and PyTorch? (goals, one thread, times PyTorch's better layout: mlp, resnet and lstm 1, cnn 0.75, gpt 0.9)",
  async run({ quick, python, models, log }) {
    const results: BenchResult[] = [];
    for (const own of CASES.filter(({ model }) => models?.includes(model) ?? true)) {
      const subject = await subjectOf(own);
      for (const threads of [1, 2]) {
        const timed = await start(own, subject, threads, python, log);
        const times = await inTurns(timed, quick ? 5 : RUNS);
        for (const { close } of timed) close();
        const rows = timed.map(({ engine }, i) => rowOf(own, engine, threads, times[i]!));
        const timeOf = (name: string) => rows.find(({ engine }) => engine === name)?.ms as number | undefined;
        const [pytorch, channelsLast] = [timeOf('pytorch'), timeOf('pytorch/channels_last')];
        for (const row of rows) {
          const ms = row.ms as number;
          results.push({
            ...row,
            ...(pytorch ? { timesPyTorch: ms / pytorch } : {}),
            ...(channelsLast ? { timesChannelsLast: ms / channelsLast } : {}),
          });
          log(
            `  ${row.name}: ${ms.toFixed(2)} ms (least ${(row.min as number).toFixed(2)}, of processor time ${(row.cpuMin as number).toFixed(2)})`,
          );
        }
      }
    }
    return [...results, ...goalRows(results)];
  },
};

function rowOf({ model, batch }: Case, engine: string, threads: number, times: StepTime[]): BenchResult {
  const ms = times.map(({ ms }) => ms);
  const cpu = times.map(({ cpuMs }) => cpuMs);
  // The least processor time is what a machine that others use too tells most surely.
  const figures = { ms: median(ms), min: Math.min(...ms), cpuMin: Math.min(...cpu) };
  return { name: `${model} ${engine} ${threads}T`, model, engine, threads, batch, ...figures };
}

async function start(
  own: Case,
  subject: BenchSubject,
  threads: number,
  python: string | undefined,
  log: (line: string) => void,
): Promise<Timed[]> {
  const rivals = new Rivals((name) => `${own.model} ${name}`, log);
  await rivals.start('compiled/cpu', async () =>
    ofEngine(
      await startCompiled(subject, await cpuRuntime(threads), () => import('@tensorflow/tfjs')),
      subject,
    ),
  );
  if (threads === 1) {
    // These have one thread, or choose their own number.
    for (const name of ['compiled/wasm', 'eager/node', 'eager/wasm']) {
      const candidate = engineCandidates(subject).find((one) => one.name === name)!;
      await rivals.start(name, async () => ofEngine(await candidate.start(), subject));
    }
    await rivals.start('tfjs/wasm', () => TfjsStep.start(subject));
  }
  for (const format of python ? formatsOf(own) : [])
    await rivals.start(`pytorch ${format}`, () => PyTorchStep.start(python!, own, threads, format));
  return rivals.timed;
}
