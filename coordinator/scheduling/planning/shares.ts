/**
 * How many shards each worker gets, so that the last is done as early as possible: the least time in which the largest
 * shares that each can finish add up to all, found by halving.
 *
 * A share only grows with the time. So a worker whose share is the same at both ends of what is left to be halved has
 * that share at any time between them, and is weighed no more: of very many, few are weighed more than some times.
 */

/** What a plan knows of a worker. */
export interface Pace {
  /** Seconds of work that it has already. */
  busy: number;
  /** Seconds that one shard takes, and a lease beside its shards. */
  shardSeconds: number;
  leaseSeconds: number;
}

/** The makespan is known to this part of it. */
const EXACT_TO = 1e-6;

/** The most of `count` shards, a power of two, that the worker can finish in `seconds`: its highest bits, a lease each. */
function mostShards(seconds: number, worker: Pace, count: number): number {
  const { busy, shardSeconds, leaseSeconds } = worker;
  let most = 0;
  // A share of n shards takes as many leases as n has bits.
  const mostBits = 32 - Math.clz32(count);
  for (let bits = 1; bits <= mostBits; bits++) {
    const limit = Math.floor((seconds - busy - bits * leaseSeconds) / shardSeconds + 1e-9);
    if (limit < 1) break;
    const finished = Math.min(count, limit);
    const kept = highestBits(finished, bits);
    most = Math.max(most, kept);
    // More leases cost more time: they hold no more shards than that.
    if (kept === finished) break;
  }
  return most;
}

/** The largest power of two that is not above `value`, which is at least 1. */
const powerIn = (value: number): number => 1 << (31 - Math.clz32(value));

function highestBits(value: number, bits: number): number {
  let kept = 0;
  for (; bits > 0 && kept < value; bits--) kept += powerIn(value - kept);
  return kept;
}

/**
 * @param workers the least busy first
 * @param count shards, a power of two
 * @returns the most that each worker finishes within the least time in which all of them finish `count`: so many at least
 */
export function shares(workers: readonly Pace[], count: number): Int32Array {
  const alone = workers.reduce(
    (least, { busy, leaseSeconds, shardSeconds }) =>
      Math.min(least, busy + leaseSeconds + count * shardSeconds),
    Number.POSITIVE_INFINITY,
  );
  const enough = alone * (1 + EXACT_TO);
  let low = leastByRates(workers, count);
  let high = Math.min(low * (1 + EXACT_TO), enough);
  // Shares within `low`, and within `high`.
  let [fewer, more] = [new Int32Array(workers.length), new Int32Array(workers.length)];
  let sum = weigh(more);
  while (high < enough && sum < count) {
    [low, high] = [high, Math.min(2 * high, enough)];
    [fewer, more] = [more, fewer];
    sum = weigh(more);
  }
  function weigh(into: Int32Array): number {
    let all = 0;
    for (let at = 0; at < workers.length; at++) all += into[at] = mostShards(high, workers[at]!, count);
    return all;
  }
  // Those whose share is not known yet, and what the others have together.
  const open = Uint32Array.from(workers.keys());
  const middle = new Int32Array(workers.length);
  let [left, known] = [open.length, 0];
  while (high - low > EXACT_TO * high) {
    const seconds = (low + high) / 2;
    let [all, kept] = [known, 0];
    for (let i = 0; i < left; i++) {
      const at = open[i]!;
      if (fewer[at] === more[at]) {
        known += more[at]!;
        all += more[at]!;
        continue;
      }
      all += middle[at] = mostShards(seconds, workers[at]!, count);
      open[kept++] = at;
    }
    left = kept;
    const isEnough = all >= count;
    if (isEnough) high = seconds;
    else low = seconds;
    const end = isEnough ? more : fewer;
    for (let i = 0; i < left; i++) end[open[i]!] = middle[open[i]!]!;
  }
  return more;
}

/** What it would take if a lease cost nothing and a worker could do any part of a shard: nothing is done sooner. */
function leastByRates(leastBusyFirst: readonly Pace[], count: number): number {
  let [rate, seconds, ahead] = [0, Number.POSITIVE_INFINITY, count];
  for (const { busy, shardSeconds } of leastBusyFirst) {
    if (busy >= seconds) break;
    rate += 1 / shardSeconds;
    ahead += busy / shardSeconds;
    seconds = ahead / rate;
  }
  return seconds;
}

/**
 * The powers of two in all shares, the largest first, each with the place of its worker, until they are `count` shards.
 * Every sum on the way is a multiple of the next size, so `count` is met exactly.
 */
export function piecesOf(
  shares: Int32Array,
  count: number,
  take: (worker: number, size: number) => void,
): void {
  let left = count;
  for (let size = count; size > 0 && left > 0; size >>= 1)
    for (let at = 0; at < shares.length && left > 0; at++) {
      if ((shares[at]! & size) === 0) continue;
      take(at, size);
      left -= size;
    }
}
