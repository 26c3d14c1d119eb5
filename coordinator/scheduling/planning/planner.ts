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
import { type Pace, piecesOf, shares } from './shares.js';

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
  return layDown(shares(ranked, count), ranked, first, count, shards).filter(
    (assignment) => samplesUnder(assignment.node, options) > 0,
  );
}

interface Ranked extends Pace {
  id: WorkerId;
  leases: number;
}

function speedOfNewcomers(workers: readonly PlannedWorker[]): number {
  const known = workers.flatMap(({ speed }) => speed ?? []);
  return known.length > 0 ? NEWCOMER_PART * median(known) : 1;
}

/** The least busy, then the fastest first, by id where equal: the same input always gives the same plan. */
function rank(workers: readonly PlannedWorker[], shardSamples: number, uploadSeconds: number): Ranked[] {
  const newcomer = workers.some(({ speed }) => speed === undefined) ? speedOfNewcomers(workers) : 1;
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

/** The worker that has computed one more shard the soonest: what a whole plan comes to, for each of many that die. */
function soonest(workers: readonly Ranked[]): Ranked {
  const end = ({ busy, leaseSeconds, shardSeconds }: Ranked) => busy + leaseSeconds + shardSeconds;
  return workers.reduce((first, other) => (end(other) < end(first) ? other : first));
}

/** Lays the nodes down from the largest, one after the other: each is aligned. */
function layDown(
  shares: Int32Array,
  workers: Ranked[],
  first: number,
  count: number,
  shards: number,
): Assignment[] {
  let from = first;
  const cut: Assignment[] = [];
  piecesOf(shares, count, (at, size) => {
    cut.push({ node: (shards + from) / size, worker: workers[at]!.id });
    from += size;
  });
  if (from !== first + count) throw new Error(`a plan covers ${from - first} of ${count} shards`);
  return cut;
}

function samplesUnder(node: Node, { shards, bounds }: PlanOptions): number {
  const first = firstShard(shards, node);
  return bounds[first + leafCount(shards, node)]! - bounds[first]!;
}
