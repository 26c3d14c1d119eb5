/**
 * The ledger of a step: which (shard, chunk) has been counted, and who holds a lease on what.
 *
 * The cover of the tree's leaves, kept per chunk, is what makes every sample count exactly once: a
 * chunk of a node is taken only if none of the node's shards has that chunk yet. So if a worker dies
 * with half of its chunks taken, another recomputes the node and only the missing chunks are counted.
 * Pure state: no clock, no sockets, no arithmetic on gradients.
 */
import { firstShard, leafCount, type Node } from '../../shared/tree.js';

export type Verdict =
  /** New: add it. */
  | 'counted'
  /** All of its shards have this chunk already: drop it. */
  | 'duplicate'
  /** Some have, some have not: it cannot be added without counting a shard twice. Drop it. */
  | 'overlap';

export interface LeaseEntry {
  node: Node;
  worker: number;
  /** Milliseconds, on the caller's clock. */
  since: number;
  /** Chunks below this one had been counted when the lease was made: they are not asked for. */
  fromChunk: number;
}

export class StepLedger {
  private readonly covered: Uint8Array[];
  private readonly left: number[];
  private readonly leases: LeaseEntry[] = [];

  /**
   * @param bounds positions where the shards begin and end, S + 1 of them (shared/tree.ts).
   *   A shard without samples is covered from the start.
   */
  constructor(
    readonly step: number,
    readonly bounds: readonly number[],
    readonly chunks: number,
  ) {
    const empty = Uint8Array.from({ length: this.shards }, (_, i) => Number(bounds[i] === bounds[i + 1]));
    const missing = empty.reduce((sum, flag) => sum + 1 - flag, 0);
    this.covered = Array.from({ length: chunks }, () => empty.slice());
    this.left = Array.from({ length: chunks }, () => missing);
  }

  get shards(): number {
    return this.bounds.length - 1;
  }

  /** Samples under `node`. */
  samples(node: Node): number {
    const first = firstShard(this.shards, node);
    return this.bounds[first + leafCount(this.shards, node)]! - this.bounds[first]!;
  }

  /** Records that chunk `chunk` of the sum over `node` has arrived, if it may count. */
  accept(node: Node, chunk: number): Verdict {
    const covered = this.covered[chunk]!;
    const [from, to] = this.range(node);
    let has = 0;
    let lacks = 0;
    for (let shard = from; shard < to; shard++) {
      if (this.isEmpty(shard)) continue;
      if (covered[shard]) has++;
      else lacks++;
    }
    if (has > 0) return lacks > 0 ? 'overlap' : 'duplicate';
    covered.fill(1, from, to);
    this.left[chunk]! -= lacks;
    return 'counted';
  }

  /** Whether every shard of `node` has `chunk`. */
  has(node: Node, chunk: number): boolean {
    const [from, to] = this.range(node);
    return this.covered[chunk]!.subarray(from, to).every((flag) => flag === 1);
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

  lease(node: Node, worker: number, since: number): LeaseEntry {
    const lease = { node, worker, since, fromChunk: this.firstMissingChunk(node) };
    this.leases.push(lease);
    return lease;
  }

  leaseOf(worker: number, node: Node): LeaseEntry | undefined {
    return this.leases.find((lease) => lease.worker === worker && lease.node === node);
  }

  leasesOf(worker: number): LeaseEntry[] {
    return this.leases.filter((lease) => lease.worker === worker);
  }

  openLeases(): readonly LeaseEntry[] {
    return this.leases;
  }

  /** Ends one lease, fulfilled or not. */
  end(worker: number, node: Node): void {
    const at = this.leases.findIndex((lease) => lease.worker === worker && lease.node === node);
    if (at >= 0) this.leases.splice(at, 1);
  }

  /**
   * Ends all leases of a worker that is gone.
   * @returns the nodes that must be leased again: unfinished, and held by nobody else.
   */
  release(worker: number): Node[] {
    const lost: Node[] = [];
    for (const { node } of this.leasesOf(worker)) {
      this.end(worker, node);
      const held = this.leases.some((lease) => lease.node === node);
      if (!held && this.firstMissingChunk(node) < this.chunks) lost.push(node);
    }
    return lost;
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
