/** Which records of one set are set apart for testing: a share of them, drawn by a seed. */
import { Random } from '../../../shared/numerics/random.js';
import { UserError } from '../../../shared/user-error.js';
import { wholeOption } from './options.js';
import type { SpecOptions } from './spec.js';

export interface Draw {
  /** As the options were written. */
  share: string;
  seed: number;
  /** Indices of records, in the order of the draw. */
  train: number[];
  test: number[];
}

/** By the options `test` (a share, 0.2 unless given) and `seed`; at least one record is for testing. @throws UserError */
export function drawTest(count: number, options: SpecOptions): Draw {
  const share = options.get('test') ?? '0.2';
  const fraction = Number(share || Number.NaN);
  if (!(fraction > 0 && fraction < 1))
    throw new UserError(`--data option test must be a share above 0 and below 1, not ${share}`, 2);
  const seed = wholeOption(options, 'seed', 1);
  const order = shuffled(count, new Random(seed));
  const testCount = Math.max(1, Math.round(count * fraction));
  return { share, seed, train: order.slice(testCount), test: order.slice(0, testCount) };
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
