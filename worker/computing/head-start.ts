/**
 * A node that is computed before its lease has come: it is foreseen, and its weights are here, which come a little
 * earlier than the lease. Its result is sent if the lease comes, and no one hears of it otherwise.
 */
import type { Lease } from '../../shared/protocol/messages.js';
import { isSame, type NodeOfStep } from './foresight.js';

export class HeadStart {
  /** The lease, once it has come; undefined: something else came. */
  readonly lease: Promise<Lease | undefined>;
  /** Ends the computing. */
  stop!: AbortController;
  private resolve!: (lease: Lease | undefined) => void;

  constructor(private readonly node: NodeOfStep) {
    this.lease = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** @param lease what has come; undefined: no lease. @returns whether it is the one that was begun */
  settle(lease: Lease | undefined): boolean {
    const isIt = lease !== undefined && isSame(this.node, lease);
    this.resolve(isIt ? lease : undefined);
    if (!isIt) this.stop.abort();
    return isIt;
  }
}
