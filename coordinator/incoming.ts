/** A contribution that a worker has told of, until its last chunk has come; and how long it really took. */
import type * as m from '../shared/protocol/messages.js';
import type { Node } from '../shared/tree.js';
import type { Worker } from './swarm.js';

export class Incoming {
  nextChunk: number;
  /** When its latest chunk came, or the window opened for more: since then it can be late. */
  progressAt: number;
  private readonly fromChunk: number;
  /** The first chunks need not wait for other workers; how many, and the milliseconds they took. */
  private readonly free: number;
  private freeMs = 0;

  /** @param begunAt when the worker could begin: at its lease, or after its lease before */
  constructor(
    readonly worker: Worker,
    readonly node: Node,
    readonly message: m.Contribution,
    private readonly begunAt: number,
    readonly announcedAt: number,
    chunks: { from: number; window: number },
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
