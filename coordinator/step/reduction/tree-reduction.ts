/**
 * What a step adds up to, of contributions that are buffered and may count: the sum over the tree, chunk by chunk
 * as far as the window is open, so that bits do not depend on who sent what, and in which order.
 */
import type { Node } from '../../../shared/numerics/tree.js';
import type * as m from '../../../shared/protocol/messages.js';
import type { Lease } from '../../scheduling/leases/ledger.js';
import type { BufferedGradient } from '../../trust/buffered-gradient.js';
import { sumOverTree } from '../../update/tree-sum.js';
import type { StepSums } from '../events.js';
import type { Incoming } from '../in-flight.js';
import type { StepState } from '../state.js';

/** What may count from now on. */
export interface Accepted {
  /** The lease under which it counts: an auditor's, if it was recomputed. */
  lease: Lease;
  gradient: BufferedGradient;
  message: Pick<m.Contribution, 'loss' | 'metric'>;
  /** The worker that is credited. */
  credited: Incoming;
}

/** Chunks `[from, to)` of a contribution, as far as the ledger is concerned. */
export interface Taken {
  lease: Lease;
  credited: Incoming;
  from: number;
  to: number;
  isCounted: boolean;
}

/** What is taken next; `isPending`: there is an effect that must be answered before anything follows from it. */
export interface Addition {
  taken?: Taken;
  isPending: boolean;
}

export interface Reduction {
  accept(accepted: Accepted): void;
  /** Takes the next chunks that can be. @returns undefined where there are none */
  next(): Addition | undefined;
  /** Once all has been added. */
  sums(): StepSums;
}

export class TreeReduction implements Reduction {
  private readonly accepted: (Accepted & { nextChunk: number })[] = [];
  /** Those before have given all that they may, since this window opened. */
  private at = 0;
  private window = 0;
  private readonly losses = new Map<Node, number>();
  private readonly metrics = new Map<Node, number>();

  constructor(private readonly state: StepState) {}

  accept(accepted: Accepted): void {
    this.setSums(accepted.lease.node, accepted.message);
    this.accepted.push({ ...accepted, nextChunk: 0 });
  }

  /** Also records the sums of a node whose chunks count as they arrive. */
  setSums(node: Node, { loss, metric }: Accepted['message']): void {
    this.losses.set(node, loss);
    this.metrics.set(node, metric);
  }

  next(): Addition | undefined {
    const { ledger, window } = this.state;
    for (;;) {
      while (this.at < this.accepted.length) {
        const accepted = this.accepted[this.at]!;
        if (!ledger.isOpen(accepted.lease)) this.accepted.splice(this.at, 1);
        else if (accepted.nextChunk < window) return this.take(accepted);
        else this.at++;
      }
      if (this.window === window) return undefined;
      this.window = window;
      this.at = 0;
    }
  }

  sums(): StepSums {
    const { ledger } = this.state;
    const samples = (node: Node) => ledger.samples(node);
    return {
      samples: samples(ledger.root),
      loss: sumOverTree(ledger.root, this.losses, samples),
      metric: sumOverTree(ledger.root, this.metrics, samples),
    };
  }

  private take(accepted: Accepted & { nextChunk: number }): Addition {
    const { lease, gradient, credited, nextChunk: chunk } = accepted;
    const isCounted = this.state.unbroken(() => {
      const counts = this.state.ledger.accept(lease.node, chunk) === 'counted';
      accepted.nextChunk++;
      if (counts)
        this.state.effects.push({ do: 'add', node: lease.node, chunk, body: gradient.body(chunk), counts });
      return counts;
    });
    return { taken: { lease, credited, from: chunk, to: chunk + 1, isCounted }, isPending: isCounted };
  }
}
