/**
 * Which nodes of the reduction tree have a coded value, and by which keys: the same wherever the node is computed.
 *
 * Nodes down to a depth are coded. Such a node's value is the code of what it sums: of its samples' gradients for a shard,
 * of left + right else. Where only one child has samples, its value moves up unchanged, so that it is coded once, where
 * that has happened (`origin`). Below the depth sums are plain float32, and it is the node at the depth that is coded.
 * So it does not matter who computes a node, and whether in one piece: both halves make the value that the whole has.
 */

import { mix } from '../random.js';
import { childrenOf, depthOf, type Node } from '../tree.js';
import type { RoundingKeys } from './code-kernel.js';

export class CodedNodes {
  /**
   * @param seed of the run
   * @param depth down to which nodes are coded; that of the shards, or more: all are
   */
  constructor(
    private readonly seed: number,
    readonly depth: number,
  ) {}

  /** Whether the value of a node is coded, and travels so. */
  isCoded(node: Node): boolean {
    return depthOf(node) <= this.depth;
  }

  /** Whether what has come to `node` is to be coded here. @param isSum of two children; else a shard's, or one child's alone */
  isCodedHere(node: Node, isSum: boolean): boolean {
    const depth = depthOf(node);
    return depth === this.depth || (isSum && depth < this.depth);
  }

  /**
   * The node at which the value of a coded node was coded: itself, or where the only samples under it are.
   * @param shards of the step; @param samples under a node
   */
  origin(node: Node, shards: number, samples: (node: Node) => number): Node {
    if (node >= shards || depthOf(node) >= this.depth) return node;
    const [left, right] = childrenOf(node);
    const hasLeft = samples(left) > 0;
    if (hasLeft && samples(right) > 0) return node;
    return this.origin(hasLeft ? left : right, shards, samples);
  }

  keys(step: number, origin: Node): RoundingKeys {
    return { first: mix(this.seed, step, origin, 1), second: mix(this.seed, step, origin, 2) };
  }
}
