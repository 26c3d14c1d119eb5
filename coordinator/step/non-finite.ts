/**
 * Decides whether NaN or Inf in a gradient is the worker's fault or the model's. Another worker is asked. If
 * that one's are none either, or there is no other, the run has diverged; otherwise the first is sent away.
 */
import { type Node, overlaps } from '../../shared/numerics/tree.js';
import type { Worker } from '../scheduling/worker.js';
import type { Dispatch } from './dispatch.js';
import type { StepState } from './state.js';

export class NonFinite {
  /** Workers that sent a number that is none, and for which node. */
  private readonly suspects = new Map<Worker, Node>();

  constructor(
    private readonly state: StepState,
    private readonly dispatch: Dispatch,
  ) {}

  /**
   * Somebody has sent numbers that are none. Volunteers, who may have agreed to lie, are believed only if all others
   * say the same.
   */
  found(worker: Worker, node: Node, what: string): void {
    const again = [...this.suspects].some(
      ([suspect, suspected]) => overlaps(node, suspected) && !(worker.isVolunteer && suspect.isVolunteer),
    );
    this.suspects.set(worker, node);
    if (again || this.state.active().every((other) => this.suspects.has(other))) {
      const why = `${what} (node ${node}, worker ${worker.name})`;
      this.state.effects.push({ do: 'diverged', why });
    } else {
      this.state.bar(worker);
      this.dispatch.withdraw(worker);
    }
  }

  /** `worker` has computed numbers for `node`: returns the suspects that this convicts, each once, and their nodes. */
  convictedBy(worker: Worker, node: Node): [Worker, Node][] {
    const convicted = [...this.suspects].filter(
      ([suspect, suspected]) => suspect !== worker && overlaps(node, suspected),
    );
    for (const [suspect] of convicted) this.suspects.delete(suspect);
    return convicted;
  }
}
