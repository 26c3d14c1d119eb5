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
  const { share, fraction, seed } = drawOptions(options);
  const order = shuffled(count, new Random(seed));
  const testCount = Math.max(1, Math.round(count * fraction));
  return { share, seed, train: order.slice(testCount), test: order.slice(0, testCount) };
}

/**
 * The same share of each class: at least one record of it for testing and one for training, where it has two. A class
 * of one record is for training.
 * @param classes the class of each record
 * @throws UserError
 */
export function drawStratified(classes: readonly string[], options: SpecOptions): Draw {
  const { share, fraction, seed } = drawOptions(options);
  const left = new Map<string, number>();
  for (const name of classes) left.set(name, (left.get(name) ?? 0) + 1);
  for (const [name, count] of left)
    left.set(name, Math.min(count - 1, Math.max(1, Math.round(count * fraction))));
  const [train, test]: [number[], number[]] = [[], []];
  for (const record of shuffled(classes.length, new Random(seed))) {
    const name = classes[record]!;
    const wanted = left.get(name)!;
    if (wanted > 0) left.set(name, wanted - 1);
    (wanted > 0 ? test : train).push(record);
  }
  return { share, seed, train, test };
}

function drawOptions(options: SpecOptions) {
  const share = options.get('test') ?? '0.2';
  const fraction = Number(share || Number.NaN);
  if (!(fraction > 0 && fraction < 1))
    throw new UserError(`--data option test must be a share above 0 and below 1, not ${share}`, 2);
  return { share, fraction, seed: wholeOption(options, 'seed', 1) };
}

/** All numbers below `count`, in an order drawn at random. */
export function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
