/** The loss of the first steps of a real run, beside PyTorch's from the same weights and the same batches. */
import { join } from 'node:path';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';
import { configure } from '../../../coordinator/setup/configure.js';
import { epochOrder, parseShuffle } from '../../../shared/numerics/permutation.js';
import type { ReferenceOptions } from './options.js';
import { trainOurselves } from './own-run.js';
import { trainWithPyTorch } from './pytorch.js';

/** What the losses may differ by, absolutely. */
const ALLOWED = 1e-3;

/** @returns whether all losses agree */
export async function firstSteps({ python, folder, options, engine }: ReferenceOptions): Promise<boolean> {
  const steps = options.steps ?? 100;
  const configuration = configure({ ...options, steps, schedule: 'constant' });
  const { data, shuffle, seed, batchSize } = configuration;
  const records = (await openData(data)).train.count;
  const order = new Uint32Array(Math.min(steps * batchSize, records));
  const whole = { records, recordsPerChunk: records, seed, epoch: 0, shuffle: parseShuffle(shuffle) };
  order.set(epochOrder(whole).subarray(0, order.length));

  const theirs: number[] = [];
  const run = { ...options, steps: Math.ceil(order.length / batchSize), schedule: 'constant' as const };
  for await (const line of trainWithPyTorch({ python, folder: join(folder, 'torch'), options: run, order })) {
    if (line.type === 'ready') console.log(`PyTorch ${line.torch}`);
    if (line.type === 'step') theirs.push(line.loss);
  }
  const ours = await trainOurselves({
    options: { ...run, runDir: join(folder, 'own') },
    workers: 1,
    engine,
  });
  const losses = ours.lines.filter(({ type }) => type === 'step').map(({ loss }) => loss);
  if (losses.length !== theirs.length) throw new Error(`${losses.length} steps against ${theirs.length}`);
  console.log(`swarmgrad by ${ours.engines.join(', ')}\nstep  PyTorch   swarmgrad  difference`);
  let worst = 0;
  for (const [step, loss] of losses.entries()) {
    const difference = Math.abs(loss - theirs[step]!);
    worst = Math.max(worst, difference);
    if (step % 10 !== 0 && step !== losses.length - 1) continue;
    const columns = [theirs[step]!.toFixed(6), loss.toFixed(6), difference.toExponential(1)];
    console.log(`${String(step).padStart(4)}  ${columns.join('  ')}`);
  }
  console.log(
    `largest difference over ${losses.length} steps: ${worst.toExponential(1)} (allowed: ${ALLOWED})`,
  );
  return worst <= ALLOWED;
}
