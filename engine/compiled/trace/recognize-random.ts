/**
 * Tells which numbers of a trace were drawn at random, and how: while a trace runs, Math.random hands out
 * known seeds, so a tensor made after a seed was taken can be compared with what that seed gives.
 */
import type { Dtype, RandomDraw, Values } from '../graph/graph.js';
import { drawFrom } from '../graph/random.js';

/** A distribution's parameters are looked for in as few decimals as reproduce every number to the bit. */
const DECIMALS = [3, 5, 7, 9, 12, 17];

export class KnownSeeds {
  private taken = 0;
  private pending: { seed: number; index: number } | undefined;

  /** @param base differs from trace to trace, so that randomness which is not recognized shows */
  constructor(private readonly base: number) {}

  /** Takes the place of Math.random. */
  next(): number {
    const index = this.taken++;
    const seed = (this.base + index * 0.000_013_7) % 1;
    this.pending = { seed, index };
    return seed;
  }

  /**
   * How `values` follow from the seed that was taken last; undefined if none was since the last tensor.
   * @throws if they do not follow from it in a way that is known
   */
  explain(values: Values, dtype: Dtype): RandomDraw | undefined {
    const { pending } = this;
    this.pending = undefined;
    if (!pending) return undefined;
    if (dtype === 'float32' && values.length >= 2) {
      const candidates = (['uniform', 'normal'] as const).map((distribution) =>
        fitOf(values, distribution, pending),
      );
      // The rounder numbers first: two or three values follow from either distribution, in numbers that nobody wrote.
      for (const decimals of DECIMALS) {
        const found = candidates.map((follow) => follow(decimals)).find((draw) => draw !== undefined);
        if (found) return found;
      }
    }
    throw new Error('the model draws random numbers of a distribution that is not known');
  }
}

/** Finds, for parameters of so many decimals, how `values` follow from the seed and this distribution to the bit. */
function fitOf(
  values: Values,
  distribution: RandomDraw['distribution'],
  { seed, index }: { seed: number; index: number },
): (decimals: number) => RandomDraw | undefined {
  const size = values.length;
  const standard = drawFrom({ distribution, offset: 0, scale: 1 }, seed, size);
  let low = 0;
  let high = 0;
  for (let i = 1; i < size; i++) {
    if (standard[i]! < standard[low]!) low = i;
    if (standard[i]! > standard[high]!) high = i;
  }
  const slope = (values[high]! - values[low]!) / (standard[high]! - standard[low]!);
  const start = values[low]! - slope * standard[low]!;
  return (decimals) => {
    const offset = rounded(start, decimals);
    for (const scale of [rounded(slope, decimals), deviationOfRate(slope, decimals)]) {
      const again = drawFrom({ distribution, offset, scale }, seed, size);
      if (again.every((value, i) => value === values[i]))
        return { distribution, offset, scale, seedIndex: index };
    }
    return undefined;
  };
}

/** Gaussian dropout has the deviation sqrt(rate / (1 - rate)), of which the rate is the round number. */
function deviationOfRate(deviation: number, decimals: number): number {
  const rate = rounded(deviation ** 2 / (1 + deviation ** 2), decimals);
  return Math.sqrt(rate / (1 - rate));
}

const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals));
