/**
 * The order in which an epoch goes through the training set: coordinator and workers derive it, each on
 * its own, so a lease need not name samples. Part of the protocol:
 *
 * - `none`: as stored.
 * - `full`: the indices 0 ... n - 1, shuffled by Fisher-Yates from the end: for i = n - 1 down to 1, swap
 *   element i with element `below(i + 1)` of Random(seed, epoch, 1).
 * - `window:N`: the chunks' numbers are shuffled in the same way by Random(seed, epoch, 2); then the indices
 *   of each N consecutive chunks of that order, listed chunk by chunk, are shuffled by Random(seed, epoch,
 *   3, number of the window). A worker then needs only N chunks at a time.
 *
 * Where records lie in the order of their lengths, the indices of each global batch are then sorted: a shard's records
 * are so of like lengths, and the batch has the same records in any order.
 */

import { UserError } from '../user-error.js';
import { Random } from './random.js';

export type Shuffle = { kind: 'none' } | { kind: 'full' } | { kind: 'window'; chunks: number };

/** @throws UserError if `text` is none of `none`, `full`, `window:N` */
export function parseShuffle(text: string): Shuffle {
  if (text === 'none' || text === 'full') return { kind: text };
  const chunks = Number(/^window:([1-9]\d*)$/.exec(text)?.[1]);
  if (Number.isSafeInteger(chunks)) return { kind: 'window', chunks };
  throw new UserError(`--shuffle must be none, full or window:N, not ${text}`, 2);
}

export interface EpochOrderOptions {
  records: number;
  recordsPerChunk: number;
  seed: number;
  /** Counted from 0. */
  epoch: number;
  shuffle: Shuffle;
  /** Positions of a global batch, whose indices are sorted; absent: none are. */
  sortedWithin?: number | undefined;
}

/** All indices of the training set, each once. */
export function epochOrder(options: EpochOrderOptions): Uint32Array {
  const order = shuffledOrder(options);
  const { records, sortedWithin } = options;
  if (sortedWithin === undefined) return order;
  for (let from = 0; from < records; from += sortedWithin) order.subarray(from, from + sortedWithin).sort();
  return order;
}

function shuffledOrder({ records, recordsPerChunk, seed, epoch, shuffle }: EpochOrderOptions): Uint32Array {
  const order = new Uint32Array(records);
  if (shuffle.kind !== 'window') {
    for (let i = 0; i < records; i++) order[i] = i;
    return shuffle.kind === 'full' ? shuffled(order, new Random(seed, epoch, 1)) : order;
  }
  const chunks = Uint32Array.from({ length: Math.ceil(records / recordsPerChunk) }, (_, chunk) => chunk);
  shuffled(chunks, new Random(seed, epoch, 2));
  let at = 0;
  for (let first = 0; first < chunks.length; first += shuffle.chunks) {
    const begin = at;
    for (const chunk of chunks.subarray(first, first + shuffle.chunks)) {
      const end = Math.min(records, (chunk + 1) * recordsPerChunk);
      for (let index = chunk * recordsPerChunk; index < end; index++) order[at++] = index;
    }
    shuffled(order.subarray(begin, at), new Random(seed, epoch, 3, first / shuffle.chunks));
  }
  return order;
}

function shuffled(indices: Uint32Array, random: Random): Uint32Array {
  for (let i = indices.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const moved = indices[i]!;
    indices[i] = indices[j]!;
    indices[j] = moved;
  }
  return indices;
}
