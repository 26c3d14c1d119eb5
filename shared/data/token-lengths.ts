/** Lengths of records that are tokens: they follow from the records, so that everyone finds the same. */
import { PADDING, type RecordArray, type Tokens } from './manifest.js';

/** How many positions of a record hold tokens: padding stands behind them. */
export function lengthOf(record: RecordArray): number {
  let length = record.length;
  while (length > 0 && record[length - 1] === PADDING) length--;
  return length;
}

/** The least bucket that holds all of `count` records; at least the first. @param x records, one after the other */
export function bucketOf(x: RecordArray, count: number, { buckets }: Pick<Tokens, 'buckets'>): number {
  const each = x.length / count;
  let longest = 0;
  for (let record = 0; record < count; record++)
    longest = Math.max(longest, lengthOf(x.subarray(record * each, (record + 1) * each)));
  const bucket = buckets.find((length) => length >= longest);
  if (bucket !== undefined) return bucket;
  throw new RangeError(`a record of ${longest} tokens, and the longest bucket has ${buckets.at(-1)}`);
}

/** TF.js has no gradient of a recurrence of one step. */
export const LEAST_LENGTH = 2;

/** At most so many: a compiled engine has a graph for each. */
const MOST_BUCKETS = 8;
/**
 * The squares of all buckets together, at most. A recurrence is unrolled, and ONNX Runtime's time to open a graph grows
 * with the square of its length: 4.5 s of a lane for one of 200 tokens, 20 s for 400. So much is about 25 s.
 */
const MOST_SQUARES = 200_000;

/**
 * Bucket lengths for which the records are padded least: each record to the least bucket that holds it, the last bucket
 * being `longest`. Found by dynamic programming over the lengths that occur; of equal choices the first. Long texts have
 * fewer buckets than `most`, as MOST_SQUARES allows.
 * @param lengths of the training records, in any order
 * @param longest at least LEAST_LENGTH
 */
export function chooseBuckets(lengths: readonly number[], longest: number, most = MOST_BUCKETS): number[] {
  const counts = new Map<number, number>();
  for (const given of lengths) {
    const length = Math.max(LEAST_LENGTH, given);
    counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  if (!counts.has(longest)) counts.set(longest, 0);
  const sizes = [...counts.keys()].sort((a, b) => a - b);
  // Records up to each size.
  const upTo: number[] = [0];
  for (const size of sizes) upTo.push(upTo.at(-1)! + counts.get(size)!);
  // Positions that the first `end` sizes take in so many buckets, and where the last of these begins.
  let costs = upTo.map((_, end) => (end === 0 ? 0 : Number.POSITIVE_INFINITY));
  const begins: number[][] = [];
  const rounds = Math.min(most, sizes.length);
  for (let bucket = 0; bucket < rounds; bucket++) {
    const begin = new Array<number>(sizes.length + 1).fill(0);
    const next = upTo.map((_, end) => {
      if (end === 0) return 0;
      let least = Number.POSITIVE_INFINITY;
      for (let from = 0; from < end; from++) {
        const cost = costs[from]! + (upTo[end]! - upTo[from]!) * sizes[end - 1]!;
        if (cost < least) [least, begin[end]] = [cost, from];
      }
      return least;
    });
    begins.push(begin);
    costs = next;
  }
  const buckets: number[] = [];
  for (let end = sizes.length, bucket = rounds - 1; end > 0 && bucket >= 0; bucket--) {
    buckets.unshift(sizes[end - 1]!);
    end = begins[bucket]![end]!;
  }
  const squares = buckets.reduce((sum, length) => sum + length ** 2, 0);
  return squares <= MOST_SQUARES || most === 1 ? buckets : chooseBuckets(lengths, longest, most - 1);
}
