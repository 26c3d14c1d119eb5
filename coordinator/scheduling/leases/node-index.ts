/** What belongs to nodes of the tree, found by any node that has shards in common with theirs. */
import { type Node, parentOf, ROOT } from '../../../shared/numerics/tree.js';
import { SetsByKey } from './sets-by-key.js';

export class NodeIndex<T extends object> {
  private readonly byNode = new SetsByKey<Node, T>();

  /** @param shards of the step: leaves of the tree */
  constructor(private readonly shards: number) {}

  add(node: Node, item: T): void {
    this.byNode.add(node, item);
  }

  remove(node: Node, item: T): void {
    this.byNode.remove(node, item);
  }

  /** What belongs to nodes above `node`, to `node`, and to nodes under it, level by level. */
  over(node: Node): T[] {
    const found: T[] = [];
    const take = (item: T) => void found.push(item);
    const look = (at: Node) => this.byNode.each(at, take);
    for (let above = parentOf(node); above >= ROOT; above = parentOf(above)) look(above);
    for (let [first, end] = [node, node + 1]; first < 2 * this.shards; [first, end] = [2 * first, 2 * end])
      for (let at = first; at < end; at++) look(at);
    return found;
  }
}
