/**
 * Who computes what: cuts a run of shards into aligned nodes, in proportion to measured speed.
 *
 * A pure function. It decides speed, never the result: whatever cut it returns, the reduction tree
 * makes the same additions. Two cuts are weighed by their makespan: equal-time ranges, which balance
 * computing but may need several uploads a worker, and a halving of the tree, one upload a worker.
 */
import { childrenOf, firstShard, leafCount, type Node, nodesCovering } from '../../shared/tree.js';

export interface PlannedWorker {
  id: number;
  /** Samples a second, measured; undefined for a newcomer, who is taken to be average. */
  speed: number | undefined;
  /** Seconds of work it already has. */
  busy: number;
}

export interface PlanOptions {
  shards: number;
  bounds: readonly number[];
  /** Seconds that one more upload of a whole gradient costs. */
  uploadSeconds: number;
}

export interface Assignment {
  node: Node;
  worker: number;
}

/** Assigns all shards under `node` to the workers. @throws if there is no worker. */
export function plan(node: Node, workers: readonly PlannedWorker[], options: PlanOptions): Assignment[] {
  if (workers.length === 0) throw new Error('a plan needs at least one worker');
  const known = workers.flatMap((worker) => worker.speed ?? []);
  const average = known.length > 0 ? known.reduce((sum, speed) => sum + speed, 0) / known.length : 1;
  // Fast ones first, by id where equal: the same input always gives the same plan.
  const ranked = workers
    .map((worker) => ({ id: worker.id, busy: worker.busy, speed: worker.speed ?? average }))
    .sort((a, b) => b.speed - a.speed || a.id - b.id);
  const cuts = [equalTimes(node, ranked, options), halving(node, ranked, options)];
  const times = cuts.map((cut) => makespan(cut, ranked, options));
  return times[0]! < times[1]! ? cuts[0]! : cuts[1]!;
}

interface Ranked {
  id: number;
  busy: number;
  speed: number;
}

function samplesUnder(node: Node, { shards, bounds }: PlanOptions): number {
  const first = firstShard(shards, node);
  return bounds[first + leafCount(shards, node)]! - bounds[first]!;
}

/** Seconds until the last worker is done. */
function makespan(cut: Assignment[], workers: Ranked[], options: PlanOptions): number {
  const seconds = new Map(workers.map((worker) => [worker.id, worker.busy]));
  const speed = new Map(workers.map((worker) => [worker.id, worker.speed]));
  for (const { node, worker } of cut) {
    const work = samplesUnder(node, options) / speed.get(worker)! + options.uploadSeconds;
    seconds.set(worker, seconds.get(worker)! + work);
  }
  return Math.max(...cut.map(({ worker }) => seconds.get(worker)!));
}

/** Each shard goes to whoever would finish it first; a worker's shards are then made neighbours. */
function equalTimes(node: Node, workers: Ranked[], options: PlanOptions): Assignment[] {
  const first = firstShard(options.shards, node);
  const count = leafCount(options.shards, node);
  const perShard = samplesUnder(node, options) / count;
  const shares = workers.map(() => 0);
  const finish = (at: number) => workers[at]!.busy + ((shares[at]! + 1) * perShard) / workers[at]!.speed;
  for (let shard = 0; shard < count; shard++) {
    let best = 0;
    for (let at = 1; at < workers.length; at++) if (finish(at) < finish(best)) best = at;
    shares[best]!++;
  }
  const cut: Assignment[] = [];
  let from = first;
  for (const [at, share] of shares.entries()) {
    for (const covering of nodesCovering(options.shards, from, from + share)) {
      if (samplesUnder(covering, options) > 0) cut.push({ node: covering, worker: workers[at]!.id });
    }
    from += share;
  }
  return cut;
}

/** Halves the tree and the workers together, so that each worker gets at most one node. */
function halving(node: Node, workers: Ranked[], options: PlanOptions): Assignment[] {
  if (samplesUnder(node, options) === 0) return [];
  const idle = workers.reduce((best, worker) => (worker.busy < best.busy ? worker : best), workers[0]!);
  if (workers.length === 1 || leafCount(options.shards, node) === 1) return [{ node, worker: idle.id }];
  // Fastest first, each to the side that has less speed so far.
  const sides: [Ranked[], Ranked[]] = [[], []];
  const sums = [0, 0];
  for (const worker of workers) {
    const side = sums[0]! <= sums[1]! ? 0 : 1;
    sides[side].push(worker);
    sums[side]! += worker.speed;
  }
  const [left, right] = childrenOf(node);
  return [...halving(left, sides[0], options), ...halving(right, sides[1], options)];
}
