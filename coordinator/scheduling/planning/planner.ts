/**
 * Plans which worker computes what: cuts a run of shards into aligned nodes so that the last worker is done as early as
 * possible, by measured speeds and by what one more lease costs each worker.
 *
 * A pure function. It decides speed, never the result: for every cut that it returns, the reduction tree makes
 * the same additions.
 *
 * Within its model (shards of equal size; a node of m shards takes a worker `leaseSeconds + m * shard`)
 * the cut is the best there is. Aligned nodes are powers of two, and powers of two that add up to a power
 * of two, laid down from the largest, are aligned by themselves. So any shares that add up can be had, a
 * share of n shards in as many nodes as n has bits; and the least makespan is the least time in which the
 * largest shares that each worker can finish add up to all shards.
 */
import { median } from '../../../shared/numerics/median.js';
import { firstShard, leafCount, type Node } from '../../../shared/numerics/tree.js';
import type { WorkerId } from '../worker.js';

export interface PlannedWorker {
  id: WorkerId;
  /** Samples a second, measured; undefined for a newcomer. */
  speed: number | undefined;
  /** Seconds of work it already has, as far as that is known. */
  busy: number;
  /** Leases that it holds: where nobody's speed is known, who holds the fewest is the least busy. */
  leases?: number;
  /** Seconds that each lease costs it beside computing; undefined: `uploadSeconds`. */
  leaseSeconds?: number | undefined;
}

export interface PlanOptions {
  shards: number;
  bounds: readonly number[];
  /** Seconds that one more upload of a whole gradient costs. */
  uploadSeconds: number;
}

export interface Assignment {
  node: Node;
  worker: WorkerId;
}

/**
 * A newcomer among measured workers is taken to be this fast, as a part of their median: it starts small,
 * and is not waited for.
 */
const NEWCOMER_PART = 0.5;
/** The makespan is known to this part of it. */
const EXACT_TO = 1e-6;

/** Assigns all shards under `node` to the workers. @throws if there is no worker. */
export function plan(node: Node, workers: readonly PlannedWorker[], options: PlanOptions): Assignment[] {
  if (workers.length === 0) throw new Error('a plan needs at least one worker');
  const { shards, bounds, uploadSeconds } = options;
  const first = firstShard(shards, node);
  const count = leafCount(shards, node);
  const samples = bounds[first + count]! - bounds[first]!;
  if (samples === 0) return [];
  const ranked = rank(workers, samples / count, uploadSeconds);
  if (count === 1) return [{ node, worker: soonest(ranked).id }];
  const shares = sharesWithin(leastTime(ranked, count), ranked, count);
  return layDown(shares, ranked, first, count, shards).filter(
    (assignment) => samplesUnder(assignment.node, options) > 0,
  );
}

interface Ranked {
  id: WorkerId;
  busy: number;
  leases: number;
  /** Seconds that one shard takes. */
  shardSeconds: number;
  leaseSeconds: number;
}

/** The least busy, then the fastest first, by id where equal: the same input always gives the same plan. */
function rank(workers: readonly PlannedWorker[], shardSamples: number, uploadSeconds: number): Ranked[] {
  const known = workers.flatMap(({ speed }) => speed ?? []);
  const newcomer = known.length > 0 ? NEWCOMER_PART * median(known) : 1;
  return workers
    .map(({ id, busy, leases = 0, speed, leaseSeconds }) => ({
      id,
      busy,
      leases,
      shardSeconds: shardSamples / (speed ?? newcomer),
      leaseSeconds: leaseSeconds ?? uploadSeconds,
    }))
    .sort((a, b) => a.busy - b.busy || a.leases - b.leases || a.shardSeconds - b.shardSeconds || a.id - b.id);
}

/** The most of `count` shards that the worker can finish in `seconds`: its highest bits, a lease each. */
function mostShards(seconds: number, worker: Ranked, count: number): number {
  const { busy, shardSeconds, leaseSeconds } = worker;
  let most = 0;
  // A share of n shards takes as many leases as n has bits.
  const mostBits = Math.log2(count) + 1;
  for (let bits = 1; bits <= mostBits; bits++) {
    const limit = Math.floor((seconds - busy - bits * leaseSeconds) / shardSeconds + 1e-9);
    if (limit < 1) break;
    const kept = highestBits(Math.min(count, limit), bits);
    most = Math.max(most, kept);
    // More leases cost more time: they hold no more shards than that.
    if (kept === Math.min(count, limit)) break;
  }
  return most;
}

/** The largest power of two that is not above `value`, which is at least 1. */
const powerIn = (value: number): number => 2 ** (31 - Math.clz32(value));

function highestBits(value: number, bits: number): number {
  let kept = 0;
  for (; bits > 0 && kept < value; bits--) kept += powerIn(value - kept);
  return kept;
}

/** The powers of two that add up to `value`, the largest first. */
function powersIn(value: number): number[] {
  const powers: number[] = [];
  for (let left = value; left > 0; left -= powers.at(-1)!) powers.push(powerIn(left));
  return powers;
}

/** The worker that has computed one more shard the soonest: what a whole plan comes to, for each of many that die. */
function soonest(workers: readonly Ranked[]): Ranked {
  const end = ({ busy, leaseSeconds, shardSeconds }: Ranked) => busy + leaseSeconds + shardSeconds;
  return workers.reduce((first, other) => (end(other) < end(first) ? other : first));
}

/** The least seconds in which the workers together can finish `count` shards. */
function leastTime(workers: Ranked[], count: number): number {
  const suffices = (seconds: number) => {
    let sum = 0;
    for (const worker of workers) {
      sum += mostShards(seconds, worker, count);
      if (sum >= count) return true;
    }
    return false;
  };
  const alone = workers.reduce(
    (least, { busy, leaseSeconds, shardSeconds }) =>
      Math.min(least, busy + leaseSeconds + count * shardSeconds),
    Number.POSITIVE_INFINITY,
  );
  const enough = alone * (1 + EXACT_TO);
  let low = leastByRates(workers, count);
  let high = Math.min(low * (1 + EXACT_TO), enough);
  while (high < enough && !suffices(high)) [low, high] = [high, Math.min(2 * high, enough)];
  while (high - low > EXACT_TO * high) {
    const middle = (low + high) / 2;
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** What it would take if a lease cost nothing and a worker could do any part of a shard: nothing is done sooner. */
function leastByRates(leastBusyFirst: readonly Ranked[], count: number): number {
  let [rate, seconds, ahead] = [0, Number.POSITIVE_INFINITY, count];
  for (const { busy, shardSeconds } of leastBusyFirst) {
    if (busy >= seconds) break;
    rate += 1 / shardSeconds;
    ahead += busy / shardSeconds;
    seconds = ahead / rate;
  }
  return seconds;
}

/** The nodes' sizes that each worker gets, by worker; together exactly `count` shards. */
function sharesWithin(seconds: number, workers: Ranked[], count: number): { at: number; size: number }[] {
  const pieces = workers.flatMap((worker, at) =>
    powersIn(mostShards(seconds, worker, count)).map((size) => ({ at, size })),
  );
  // From the largest: every sum on the way is a multiple of the next size, so `count` is met exactly.
  pieces.sort((a, b) => b.size - a.size || a.at - b.at);
  let sum = 0;
  return pieces.filter(({ size }) => {
    if (sum === count) return false;
    sum += size;
    return true;
  });
}

/** Lays the nodes down from the largest, one after the other: each is aligned. */
function layDown(
  pieces: { at: number; size: number }[],
  workers: Ranked[],
  first: number,
  count: number,
  shards: number,
): Assignment[] {
  let from = first;
  const cut = pieces.map(({ at, size }) => {
    const node = (shards + from) / size;
    from += size;
    return { node, worker: workers[at]!.id };
  });
  if (from !== first + count) throw new Error(`a plan covers ${from - first} of ${count} shards`);
  return cut;
}

function samplesUnder(node: Node, { shards, bounds }: PlanOptions): number {
  const first = firstShard(shards, node);
  return bounds[first + leafCount(shards, node)]! - bounds[first]!;
}
