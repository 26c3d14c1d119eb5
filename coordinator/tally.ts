/**
 * What a step adds up to, of contributions that came whole and may count: the sum over the tree, chunk by chunk
 * as far as the window is open, so that bits do not depend on who sent what, and in which order.
 */
import type * as m from '../shared/protocol/messages.js';
import { type Node, ROOT } from '../shared/tree.js';
import type { Incoming } from './incoming.js';
import type { WholeGradient } from './trust/whole-gradient.js';
import type { Pipeline } from './update/pipeline.js';
import { sumOverTree } from './update/tree-sum.js';
import type { StepLedger } from './work/ledger.js';

/** Of a whole step: its samples, and loss and metric added up over them. */
export interface StepSums {
  samples: number;
  loss: number;
  metric: number;
}

/** What may count from now on. */
export interface Accepted {
  node: Node;
  /** Whose lease it counts under: an auditor's, where it was recomputed. */
  holder: number;
  gradient: WholeGradient;
  message: Pick<m.Contribution, 'loss' | 'metric'>;
  /** Whose work it is. */
  credited: Incoming;
  nextChunk: number;
}

export interface TallyParts {
  ledger: StepLedger;
  pipeline: Pipeline;
  /** A chunk has been counted. */
  counted(holder: number, node: Node, chunk: number): void;
  /** The last chunk of a contribution has been handed on; whether it counted. */
  fulfilled(holder: number, credited: Incoming, isCounted: boolean): void;
  complete(): void;
}

export interface Tally {
  accept(accepted: Accepted): void;
  /** The window has opened. */
  pump(): void;
  /** A lease has ended, or was taken back. */
  forget(holder: number, node: Node): void;
  sums(): StepSums;
}

export class TreeTally implements Tally {
  private accepted: Accepted[] = [];
  private readonly losses = new Map<Node, number>();
  private readonly metrics = new Map<Node, number>();

  constructor(private readonly parts: TallyParts) {}

  accept(accepted: Accepted): void {
    this.setSums(accepted.node, accepted.message);
    this.accepted.push(accepted);
    this.count(accepted);
  }

  /** Of a node whose chunks count as they come. */
  setSums(node: Node, { loss, metric }: Accepted['message']): void {
    this.losses.set(node, loss);
    this.metrics.set(node, metric);
  }

  pump(): void {
    for (const accepted of [...this.accepted]) this.count(accepted);
  }

  forget(holder: number, node: Node): void {
    this.accepted = this.accepted.filter((entry) => entry.holder !== holder || entry.node !== node);
  }

  sums(): StepSums {
    const samples = (node: Node) => this.parts.ledger.samples(node);
    return {
      samples: samples(ROOT),
      loss: sumOverTree(ROOT, this.losses, samples),
      metric: sumOverTree(ROOT, this.metrics, samples),
    };
  }

  /** Hands the pipeline what it can take. Called again, also by what it leads to, as the window opens. */
  private count(accepted: Accepted): void {
    const { ledger, pipeline, counted, fulfilled, complete } = this.parts;
    const { node, holder, gradient, credited } = accepted;
    while (accepted.nextChunk < pipeline.window && this.accepted.includes(accepted)) {
      const chunk = accepted.nextChunk++;
      const isCounted = pipeline.add(node, chunk, gradient.body(chunk)) === 'counted';
      if (isCounted) counted(holder, node, chunk);
      if (chunk === ledger.chunks - 1) fulfilled(holder, credited, isCounted);
    }
    if (ledger.isComplete()) complete();
  }
}
