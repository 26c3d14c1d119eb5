/**
 * The ledger of a step: which (shard, chunk) has been counted, and who holds a lease on what.
 *
 * The cover of the tree's leaves, kept per chunk, is what makes every sample count exactly once: a
 * chunk of a node is taken only if none of the node's shards has that chunk yet. So if a worker dies
 * with half of its chunks taken, another recomputes the node and only the missing chunks are counted.
 * Pure state: no clock, no sockets, no arithmetic on gradients.
 */
import { firstShard, isWithin, leafCount, type Node, ROOT } from '../../../shared/numerics/tree.js';
import type { WorkerId } from '../worker.js';
import { NodeIndex } from './node-index.js';

/** What a chunk of a node's sum would add to what has been counted. */
export type Coverage =
  /** New: add it. */
  | 'counted'
  /** All of its shards have this chunk already: drop it. */
  | 'duplicate'
  /** Some have, some have not: it cannot be added without counting a shard twice. Drop it. */
  | 'overlap';

export interface Lease {
  node: Node;
  worker: WorkerId;
  /** Milliseconds, on the caller's clock. */
  since: number;
  /** Chunks below this one had been counted when the lease was made: they are not asked for. */
  fromChunk: number;
  /** Nothing of it counts before all of it has come, and was looked at. */
  isBuffered: boolean;
}

const NONE: readonly Lease[] = [];

const placeOf = (leases: readonly Lease[], node: Node): number =>
  leases.findIndex((lease) => lease.node === node);

export class StepLedger {
  private readonly covered: Uint8Array[];
  private readonly left: number[];
  /** Open leases in the order in which they were made. */
  private readonly open = new Set<Lease>();
  /** In the order in which each got them. Few have more than one or two, and very many have one. */
  private readonly byWorker = new Map<WorkerId, Lease[]>();
  private readonly byNode: NodeIndex<Lease>;
  /** Open leases of each shard. */
  private readonly leased: Uint32Array;
  /** Chunks that each shard lacks. */
  private readonly lacking: Uint32Array;
  /** Shards that lack something, and of which nobody has a lease. */
  private bare = 0;
  /** The nodes of which each worker held a lease that has ended. */
  private readonly ended = new Map<WorkerId, Node[]>();

  /**
   * @param bounds positions where the shards begin and end, S + 1 of them (shared/numerics/tree.ts).
   *   A shard without samples is covered from the start.
   * @param root of the part of the tree that is to be summed: all else is somebody else's, and covered from the start
   */
  constructor(
    readonly step: number,
    readonly bounds: readonly number[],
    readonly chunks: number,
    readonly root: Node = ROOT,
  ) {
    this.byNode = new NodeIndex(this.shards);
    this.leased = new Uint32Array(this.shards);
    const [from, to] = this.range(root);
    const covered = new Uint8Array(this.shards).fill(1);
    this.lacking = new Uint32Array(this.shards);
    let missing = 0;
    for (let shard = from; shard < to; shard++) {
      if (this.isEmpty(shard)) continue;
      covered[shard] = 0;
      this.lacking[shard] = chunks;
      missing++;
    }
    this.covered = Array.from({ length: chunks }, () => covered.slice());
    this.left = Array.from({ length: chunks }, () => missing);
    this.bare = chunks > 0 ? missing : 0;
  }

  get shards(): number {
    return this.bounds.length - 1;
  }

  /** Samples under `node`. */
  samples(node: Node): number {
    const first = firstShard(this.shards, node);
    return this.bounds[first + leafCount(this.shards, node)]! - this.bounds[first]!;
  }

  /** Whether `node` is in the part of the tree that is summed. */
  isNode(node: Node): boolean {
    return node < 2 * this.shards && isWithin(node, this.root);
  }

  /** What chunk `chunk` of the sum over `node` would add. */
  coverage(node: Node, chunk: number): Coverage {
    return this.look(node, chunk).coverage;
  }

  /** Records that chunk `chunk` of the sum over `node` has arrived, if it may count. */
  accept(node: Node, chunk: number): Coverage {
    const { coverage, lacks } = this.look(node, chunk);
    if (coverage !== 'counted') return coverage;
    const [from, to] = this.range(node);
    this.covered[chunk]!.fill(1, from, to);
    this.left[chunk]! -= lacks;
    for (let shard = from; shard < to; shard++)
      if (!this.isEmpty(shard) && --this.lacking[shard]! === 0 && this.leased[shard] === 0) this.bare--;
    return coverage;
  }

  private look(node: Node, chunk: number): { coverage: Coverage; lacks: number } {
    const covered = this.covered[chunk]!;
    const [from, to] = this.range(node);
    let has = 0;
    let lacks = 0;
    for (let shard = from; shard < to; shard++) {
      if (this.isEmpty(shard)) continue;
      if (covered[shard]) has++;
      else lacks++;
    }
    return { coverage: has === 0 ? 'counted' : lacks > 0 ? 'overlap' : 'duplicate', lacks };
  }

  /** Whether every shard of `node` has `chunk`. */
  has(node: Node, chunk: number): boolean {
    const [from, to] = this.range(node);
    return !this.covered[chunk]!.subarray(from, to).includes(0);
  }

  hasShard(shard: number, chunk: number): boolean {
    return this.covered[chunk]![shard] === 1;
  }

  /** Whether no shard of `node` has `chunk`, so that the sum over all of `node` would count. */
  isFree(node: Node, chunk: number): boolean {
    const [from, to] = this.range(node);
    const covered = this.covered[chunk]!;
    let lacks = 0;
    for (let shard = from; shard < to; shard++) {
      if (this.isEmpty(shard)) continue;
      if (covered[shard]) return false;
      lacks++;
    }
    return lacks > 0;
  }

  /** The first chunk that some shard of `node` lacks; `chunks` if there is none. */
  firstMissingChunk(node: Node): number {
    for (let chunk = 0; chunk < this.chunks; chunk++) if (!this.has(node, chunk)) return chunk;
    return this.chunks;
  }

  /** Whether all shards have `chunk`. */
  isChunkComplete(chunk: number): boolean {
    return this.left[chunk] === 0;
  }

  isComplete(): boolean {
    return this.left.every((count) => count === 0);
  }

  lease(node: Node, worker: WorkerId, since: number, isBuffered = false): Lease {
    const lease = { node, worker, since, fromChunk: this.firstMissingChunk(node), isBuffered };
    this.open.add(lease);
    this.byNode.add(node, lease);
    this.count(node, 1);
    const own = this.byWorker.get(worker);
    const at = own ? placeOf(own, node) : -1;
    if (!own) this.byWorker.set(worker, [lease]);
    else if (at < 0) own.push(lease);
    else own[at] = lease;
    return lease;
  }

  leaseOf(worker: WorkerId, node: Node): Lease | undefined {
    return this.byWorker.get(worker)?.find((lease) => lease.node === node);
  }

  /** The worker's leases, in the order in which it got them. */
  leasesOf(worker: WorkerId): readonly Lease[] {
    return this.byWorker.get(worker)?.slice() ?? NONE;
  }

  holds(worker: WorkerId): boolean {
    return this.byWorker.has(worker);
  }

  openLeases(): ReadonlySet<Lease> {
    return this.open;
  }

  isOpen(lease: Lease): boolean {
    return this.open.has(lease);
  }

  /** Whether another open lease overlaps with this one. */
  overlapsOpen(lease: Lease): boolean {
    const [from, to] = this.range(lease.node);
    const own = this.open.has(lease) ? 1 : 0;
    for (let shard = from; shard < to; shard++) if (this.leased[shard]! > own) return true;
    return false;
  }

  /** Open leases that have shards of `node`. */
  leasesOver(node: Node): Lease[] {
    return this.byNode.over(node);
  }

  /** Whether every shard has all that it needs, or somebody who has a lease of it. */
  get isLeased(): boolean {
    return this.bare === 0;
  }

  private count(node: Node, change: number): void {
    const [from, to] = this.range(node);
    for (let shard = from; shard < to; shard++) {
      const before = this.leased[shard]!;
      this.leased[shard] = before + change;
      if (before + Math.min(change, 0) === 0 && this.lacking[shard]! > 0) this.bare -= change;
    }
  }

  /** Ends one lease, fulfilled or not. */
  end(worker: WorkerId, node: Node): void {
    const own = this.byWorker.get(worker);
    const at = own ? placeOf(own, node) : -1;
    const lease = own?.[at];
    if (!own || !lease) return;
    this.open.delete(lease);
    this.byNode.remove(node, lease);
    this.count(node, -1);
    if (own.length === 1) this.byWorker.delete(worker);
    else own.splice(at, 1);
    const ended = this.ended.get(worker);
    if (ended) ended.push(node);
    else this.ended.set(worker, [node]);
  }

  /** Whether the worker has held a lease of the node that is over, fulfilled or not. */
  hasEnded(worker: WorkerId, node: Node): boolean {
    return this.ended.get(worker)?.includes(node) ?? false;
  }

  /** The shards `[from, to)` under `node`. */
  range(node: Node): [number, number] {
    const first = firstShard(this.shards, node);
    return [first, first + leafCount(this.shards, node)];
  }

  /** Whether `shard` has no samples. */
  isEmpty(shard: number): boolean {
    return this.bounds[shard] === this.bounds[shard + 1];
  }
}
