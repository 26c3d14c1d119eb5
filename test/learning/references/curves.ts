/**
 * Test accuracy epoch by epoch, of several seeds, beside PyTorch's: initial weights of the same distribution
 * but of other seeds, and another shuffling, so the curves agree only as far as their spread.
 */
import { join } from 'node:path';
import type { ReferenceOptions } from './options.js';
import { trainOurselves } from './own-run.js';
import { trainWithPyTorch } from './pytorch.js';

const SEEDS = [1, 2, 3];
/** So far are PyTorch's seeds from ours. */
const OTHER_SEEDS = 100;

/** @returns whether at the end the ranges of both overlap, each widened by the larger one's spread */
export async function curves({ python, folder, options, engine }: ReferenceOptions): Promise<boolean> {
  const theirs: number[][] = [];
  const ours: number[][] = [];
  for (const seed of SEEDS) {
    const run = { epochs: 6, ...options, schedule: 'constant' as const };
    const other = { ...run, seed: OTHER_SEEDS + seed };
    theirs.push([]);
    const torch = { python, folder: join(folder, `torch-${seed}`), options: other, seed };
    for await (const line of trainWithPyTorch(torch)) {
      if (line.type === 'epoch') theirs.at(-1)!.push(line.accuracy);
    }
    // One shard: batch normalization then sees the whole batch, as PyTorch's does.
    const own = { ...run, seed, shards: 1, runDir: join(folder, `own-${seed}`) };
    const { lines } = await trainOurselves({ options: own, workers: 1, engine });
    ours.push(lines.filter(({ type }) => type === 'evaluation').map(({ accuracy }) => accuracy));
    console.log(`seed ${seed}  PyTorch ${show(theirs.at(-1)!)}\n        swarmgrad ${show(ours.at(-1)!)}`);
  }
  const last = [theirs, ours].map((of) => of.map((curve) => curve.at(-1)!));
  const ranges = last.map((values) => ({ low: Math.min(...values), high: Math.max(...values) }));
  const spread = Math.max(...ranges.map(({ low, high }) => high - low));
  const [a, b] = ranges as [(typeof ranges)[0], (typeof ranges)[0]];
  const gap = Math.max(a.low - b.high, b.low - a.high, 0);
  console.log(`at the end: PyTorch ${show([a.low, a.high])}, swarmgrad ${show([b.low, b.high])}`);
  return gap <= spread;
}

const show = (accuracies: number[]) => accuracies.map((value) => `${(100 * value).toFixed(2)} %`).join('  ');
