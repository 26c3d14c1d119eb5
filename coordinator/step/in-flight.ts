/** Contributions that workers have told of, until their last chunk has come; and how long they really took. */
import type { Node } from '../../shared/numerics/tree.js';
import type * as m from '../../shared/protocol/messages.js';
import type { Lease } from '../scheduling/leases/ledger.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { BufferedGradient } from '../trust/buffered-gradient.js';

export interface Announced {
  worker: Worker;
  lease: Lease;
  message: m.Contribution;
  /** When the worker could begin: at its lease, or after its lease before. */
  begunAt: number;
  announcedAt: number;
  /** Chunks that may be sent by now. */
  chunks: { from: number; window: number };
  /** Where its chunks are kept until all are here; undefined: each counts as it comes. */
  buffered: BufferedGradient | undefined;
}

export class Incoming {
  readonly worker: Worker;
  readonly lease: Lease;
  readonly message: m.Contribution;
  readonly announcedAt: number;
  readonly buffered: BufferedGradient | undefined;
  nextChunk: number;
  /** When its latest chunk came, or the window opened for more: since then it can be late. */
  progressAt: number;
  /** All of it has come, and it cannot be judged yet. */
  isWaiting = false;
  private readonly begunAt: number;
  private readonly fromChunk: number;
  /** Milliseconds in which it had sent all that it may, and others had not. */
  private blockedMs = 0;
  /** The first chunks need not wait for other workers; how many, and the milliseconds they took. */
  private readonly free: number;
  private freeMs = 0;

  constructor({ worker, lease, message, begunAt, announcedAt, chunks, buffered }: Announced) {
    this.worker = worker;
    this.lease = lease;
    this.message = message;
    this.begunAt = begunAt;
    this.announcedAt = announcedAt;
    this.buffered = buffered;
    this.nextChunk = chunks.from;
    this.fromChunk = chunks.from;
    this.free = Math.max(0, chunks.window - chunks.from);
    this.progressAt = announcedAt;
  }

  get node(): Node {
    return this.lease.node;
  }

  /** The next chunk has come. */
  took(now: number): void {
    this.nextChunk++;
    this.progressAt = now;
    if (this.nextChunk - this.fromChunk === this.free) this.freeMs = now - this.announcedAt;
  }

  /** More chunks than those below `window` may be sent. */
  windowOpened(window: number, now: number): void {
    if (this.buffered || this.nextChunk < window) return;
    this.blockedMs += now - this.progressAt;
    this.progressAt = now;
  }

  /** When the worker could begin, later by as long as it had to wait for others meanwhile. */
  get ownBegin(): number {
    return this.begunAt + this.blockedMs;
  }

  /**
   * Milliseconds that the lease took by the worker's own doing: chunks that had to wait for other workers
   * are reckoned at the pace of those that had not.
   */
  turnaroundMs(chunks: number): number {
    const uploadMs = this.free > 0 ? (this.freeMs * (chunks - this.fromChunk)) / this.free : 0;
    return Math.max(this.announcedAt - this.begunAt, this.message.computeMs) + uploadMs;
  }
}

/** Those of a step. */
export class InFlight {
  private readonly incoming = new Map<WorkerId, Map<Node, Incoming>>();
  /** When each worker last told of a lease of this step. */
  private readonly doneAt = new Map<WorkerId, number>();

  of(worker: WorkerId, node: Node): Incoming | undefined {
    return this.incoming.get(worker)?.get(node);
  }

  /** When the worker could begin with a lease that it was given at `since`. */
  begunAt(worker: WorkerId, since: number): number {
    return Math.max(since, this.doneAt.get(worker) ?? 0);
  }

  /** The worker has computed a lease and begins to send it. */
  add(incoming: Incoming): void {
    const { id } = incoming.worker;
    const own = this.incoming.get(id);
    if (own) own.set(incoming.node, incoming);
    else this.incoming.set(id, new Map([[incoming.node, incoming]]));
    this.doneAt.set(id, incoming.announcedAt);
  }

  /** When a lease last went on: another chunk came, the window opened, or the worker was done with another. */
  progressAt({ worker, node }: Lease): number | undefined {
    const incoming = this.of(worker, node);
    return incoming ? incoming.progressAt : this.doneAt.get(worker);
  }

  /** When the worker could begin a lease. */
  ownBegin({ worker, node, since }: Lease): number {
    return this.of(worker, node)?.ownBegin ?? this.begunAt(worker, since);
  }

  /** More chunks than those below `window` may be sent from now on. */
  windowOpened(window: number, now: number): void {
    for (const own of this.incoming.values())
      for (const incoming of own.values()) incoming.windowOpened(window, now);
  }

  /** A lease is over. @returns whether the worker had told of its contribution: then it has computed it */
  forget(worker: WorkerId, node: Node): boolean {
    return this.incoming.get(worker)?.delete(node) ?? false;
  }
}
