/**
 * Numbers that are none in a contribution: the worker's fault, or the model's? Another worker is asked. If
 * that one's are none either, or there is no other, the run has diverged; otherwise the first is sent away.
 */
import { isWithin, type Node } from '../shared/tree.js';
import type { Contributor } from './participants.js';

export class NotFinite {
  /** Workers that sent a number that is none, and for which node. */
  private readonly suspects = new Map<Contributor, Node>();

  /**
   * @returns whether another worker must be asked; otherwise the numbers are the model's. Volunteers, who may
   *   have agreed to lie, are believed only if all others say the same.
   */
  found(worker: Contributor, node: Node, active: readonly Contributor[]): boolean {
    const isTrusted = ({ role }: Contributor) => role !== 'volunteer';
    const again = [...this.suspects].some(
      ([suspect, suspected]) => overlap(node, suspected) && (isTrusted(worker) || isTrusted(suspect)),
    );
    this.suspects.set(worker, node);
    return !again && active.some((other) => !this.suspects.has(other));
  }

  isSuspect(worker: Contributor): boolean {
    return this.suspects.has(worker);
  }

  /** `worker` has computed numbers for `node`: suspects whom that convicts, and their nodes. */
  convictedBy(worker: Contributor | undefined, node: Node): [Contributor, Node][] {
    return [...this.suspects].filter(
      ([suspect, suspected]) => suspect !== worker && overlap(node, suspected),
    );
  }
}

const overlap = (a: Node, b: Node): boolean => isWithin(a, b) || isWithin(b, a);
