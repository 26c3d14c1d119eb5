/**
 * How long until MNIST's test set is predicted with 99 %? Two worker processes against PyTorch's
 * DistributedDataParallel with two processes, of one thread each, over gloo: the same CNN from the same initial
 * weights, batch 64, Adam, a new permutation each epoch, evaluation after each epoch by both processes. Time runs
 * from the first step to the end of the evaluation that shows the accuracy. Neither start is counted.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainOurselves } from '../test/references/own-run.js';
import { trainWithPyTorch } from '../test/references/pytorch.js';
import { sharedData } from '../test/support/shared-data.js';
import type { Bench } from './question.js';

const PROCESSES = 2;
const TARGET = 0.99;
/** What one epoch reaches. */
const QUICK_TARGET = 0.97;
const EPOCHS = 6;

interface Reached {
  seconds: number;
  epochs: number;
  accuracy: number;
}

export const timeToAccuracy: Bench = {
  question: `how long until ${100 * TARGET} % on MNIST, against PyTorch's DistributedDataParallel? (goal: 0.8 of its time)`,
  async run({ quick, python, log }) {
    const { path, absent } = sharedData('mnist');
    if (absent) return [];
    if (python === undefined) {
      log('  skipped: give --python PATH of a Python with torch and numpy');
      return [];
    }
    const target = quick ? QUICK_TARGET : TARGET;
    const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-'));
    const options = {
      ...{ data: `idx:${path}`, model: 'cnn', seed: 1, batchSize: 64, optimizer: 'adam' as const },
      ...{ lr: 0.001, schedule: 'constant' as const, epochs: quick ? 1 : EPOCHS },
    };
    try {
      const runDir = join(folder, 'own');
      const workers = { localWorkers: PROCESSES, minWorkers: PROCESSES, shards: PROCESSES };
      const own = await trainOurselves({ ...options, ...workers, checkpointEvery: 0, runDir });
      const started = own.lines[0]!.time;
      const evaluation = own.lines.find(({ type, accuracy }) => type === 'evaluation' && accuracy >= target);
      if (!evaluation) throw new Error(`swarmgrad did not reach ${target} in ${options.epochs} epochs`);
      const { epoch, accuracy, time } = evaluation;
      const ours: Reached = { seconds: time - started, epochs: epoch, accuracy };
      log(`  swarmgrad: ${JSON.stringify(ours)} by ${own.engines.join(', ')}`);

      let theirs: Reached | undefined;
      const torch = { python, folder: join(folder, 'torch'), options, ranks: PROCESSES, target };
      for await (const line of trainWithPyTorch(torch)) {
        if (line.type === 'ready') log(`  PyTorch ${line.torch}`);
        if (line.type !== 'epoch' || theirs) continue;
        log(`  PyTorch: ${JSON.stringify(line)}`);
        if (line.accuracy >= target) theirs = { ...line, epochs: line.epoch };
      }
      if (!theirs) throw new Error(`PyTorch did not reach ${target} in ${options.epochs} epochs`);
      return [
        {
          name: `MNIST CNN to ${100 * target} %`,
          engine: own.engines.join(', '),
          seconds: ours.seconds,
          epochs: ours.epochs,
          accuracy: ours.accuracy,
          pytorchSeconds: theirs.seconds,
          pytorchEpochs: theirs.epochs,
          pytorchAccuracy: theirs.accuracy,
          ratio: ours.seconds / theirs.seconds,
          ratioPerEpoch: ours.seconds / ours.epochs / (theirs.seconds / theirs.epochs),
        },
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
