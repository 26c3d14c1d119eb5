/**
 * How long until MNIST's test set is predicted with 99 %? Two worker processes against PyTorch's
 * DistributedDataParallel with two processes, of one thread each, over gloo: the same CNN from the same initial
 * weights, batch 64, Adam, a new permutation each epoch, evaluation after each epoch by both processes. Time runs
 * from the first step to the end of the evaluation that shows the accuracy. Neither start is counted. Which
 * epoch reaches it is partly luck: three seeds in turn, of which the median counts, and the time of an epoch
 * beside it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainOurselves } from '../test/learning/references/own-run.js';
import { trainWithPyTorch } from '../test/learning/references/pytorch.js';
import { sharedData } from '../test/support/files/shared-data.js';
import type { Bench } from './support/question.js';
import { median } from './support/statistics.js';

const PROCESSES = 2;
const TARGET = 0.99;
/** What one epoch reaches. */
const QUICK_TARGET = 0.97;
const SEEDS = [1, 2, 3];
/** A run that needs more counts as one that takes for ever. */
const EPOCHS = 12;

interface Reached {
  /** Infinity if it did not. */
  seconds: number;
  epochSeconds: number;
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
    const ours: Reached[] = [];
    const theirs: Reached[] = [];
    const engines = new Set<string>();
    const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-'));
    try {
      for (const seed of quick ? SEEDS.slice(0, 1) : SEEDS) {
        const options = {
          ...{ data: `idx:${path}`, model: 'cnn', seed, batchSize: 64, optimizer: 'adam' as const },
          ...{ lr: 0.001, schedule: 'constant' as const, epochs: EPOCHS },
        };
        const own = await trainOurselves({
          options: { ...options, shards: PROCESSES, runDir: join(folder, `own-${seed}`) },
          workers: PROCESSES,
          engine: 'auto',
          target,
        });
        for (const engine of own.engines) engines.add(engine);
        const started = own.lines[0]!.time;
        const evaluations = own.lines
          .filter(({ type }) => type === 'evaluation')
          .map(({ accuracy, time }) => ({ accuracy, seconds: time - started }));
        ours.push(reached(evaluations, target));
        log(`  seed ${seed}: swarmgrad ${JSON.stringify(evaluations)}`);

        const epochs: { accuracy: number; seconds: number }[] = [];
        const torch = {
          python,
          folder: join(folder, `torch-${seed}`),
          options,
          seed,
          ranks: PROCESSES,
          target,
        };
        for await (const line of trainWithPyTorch(torch)) if (line.type === 'epoch') epochs.push(line);
        theirs.push(reached(epochs, target));
        log(`  seed ${seed}: PyTorch ${JSON.stringify(epochs)}`);
      }
      const of = (runs: Reached[], figure: keyof Reached) => median(runs.map((run) => run[figure]));
      return [
        {
          name: `MNIST CNN to ${100 * target} %`,
          engine: [...engines].join(', '),
          seconds: of(ours, 'seconds'),
          pytorchSeconds: of(theirs, 'seconds'),
          ratio: of(ours, 'seconds') / of(theirs, 'seconds'),
          epochSeconds: of(ours, 'epochSeconds'),
          pytorchEpochSeconds: of(theirs, 'epochSeconds'),
          epochRatio: of(ours, 'epochSeconds') / of(theirs, 'epochSeconds'),
        },
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function reached(evaluations: { accuracy: number; seconds: number }[], target: number): Reached {
  const first = evaluations.find(({ accuracy }) => accuracy >= target);
  return {
    seconds: first?.seconds ?? Number.POSITIVE_INFINITY,
    epochSeconds: evaluations.at(-1)!.seconds / evaluations.length,
  };
}
