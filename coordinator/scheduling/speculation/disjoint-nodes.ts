/** A set of nodes of the tree none of which is under another one. */
import { type Node, parentOf, ROOT } from '../../../shared/numerics/tree.js';

export class DisjointNodes {
  private readonly nodes = new Set<Node>();
  private readonly above = new Set<Node>();

  add(node: Node): void {
    this.nodes.add(node);
    for (let at = parentOf(node); at >= ROOT; at = parentOf(at)) this.above.add(at);
  }

  overlaps(node: Node): boolean {
    if (this.above.has(node)) return true;
    for (let at = node; at >= ROOT; at = parentOf(at)) if (this.nodes.has(at)) return true;
    return false;
  }
}
