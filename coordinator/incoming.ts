/** Contributions that workers have told of, until their last chunk has come; and how long they really took. */
import type * as m from '../shared/protocol/messages.js';
import type { Node } from '../shared/tree.js';
import type { Contributor } from './participants.js';
import type { WholeGradient } from './trust/whole-gradient.js';

export class Incoming {
  nextChunk: number;
  /** When its latest chunk came, or the window opened for more: since then it can be late. */
  progressAt: number;
  private readonly fromChunk: number;
  /** The first chunks need not wait for other workers; how many, and the milliseconds they took. */
  private readonly free: number;
  private freeMs = 0;

  /**
   * @param begunAt when the worker could begin: at its lease, or after its lease before
   * @param whole where its chunks are kept until all are here; undefined: each counts as it comes
   * @param leasedAt where its lease is over before it counts: when it was made
   */
  constructor(
    readonly worker: Contributor,
    readonly node: Node,
    readonly message: m.Contribution,
    private readonly begunAt: number,
    readonly announcedAt: number,
    chunks: { from: number; window: number },
    readonly whole?: WholeGradient,
    public leasedAt?: number,
  ) {
    this.nextChunk = chunks.from;
    this.fromChunk = chunks.from;
    this.free = Math.max(0, chunks.window - chunks.from);
    this.progressAt = announcedAt;
  }

  /** The next chunk has come. */
  took(now: number): void {
    this.nextChunk++;
    this.progressAt = now;
    if (this.nextChunk - this.fromChunk === this.free) this.freeMs = now - this.announcedAt;
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
export class Arrivals {
  private incoming: Incoming[] = [];
  /** When each worker was last done with a lease of this step. */
  private readonly doneAt = new Map<number, number>();

  of(worker: number, node: Node): Incoming | undefined {
    return this.incoming.find((entry) => entry.worker.member.id === worker && entry.node === node);
  }

  /** When the worker could begin with a lease that it was given at `since`. */
  begunAt(worker: number, since: number): number {
    return Math.max(since, this.doneAt.get(worker) ?? 0);
  }

  /** The worker has computed a lease and begins to send it. */
  add(incoming: Incoming): void {
    this.incoming.push(incoming);
    this.doneAt.set(incoming.worker.member.id, incoming.announcedAt);
  }

  /** When a lease last went on: another chunk came, the window opened, or the worker was done with another. */
  progressAt(worker: number, node: Node): number | undefined {
    const incoming = this.of(worker, node);
    return incoming ? incoming.progressAt : this.doneAt.get(worker);
  }

  /** More chunks may be sent from now on. */
  windowOpened(now: number): void {
    for (const incoming of this.incoming) incoming.progressAt = now;
  }

  /** @returns whether the worker had told of this contribution: then it has computed it */
  forget(worker: number, node: Node): boolean {
    const incoming = this.of(worker, node);
    this.incoming = this.incoming.filter((entry) => entry !== incoming);
    return incoming !== undefined;
  }
}
