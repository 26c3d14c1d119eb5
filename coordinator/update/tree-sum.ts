/**
 * Adds one chunk over the reduction tree, in whatever order the nodes arrive.
 *
 * A node's value waits until its sibling's is here; then left + right moves up to the parent, and so on
 * to the root. So the additions are those of the tree, and at most one vector a node is held.
 */
import { isLeft, type Node, parentOf, ROOT, siblingOf } from '../../shared/tree.js';
import type { Kernels } from './kernels/kernels.js';

export class TreeSum {
  private readonly waiting = new Map<Node, Float32Array>();

  /** @param samples how many samples lie under a node: one without any has no value to wait for. */
  constructor(
    private readonly kernels: Pick<Kernels, 'add' | 'free'>,
    private readonly samples: (node: Node) => number,
  ) {}

  /** Takes over `vector`. Returns the sum over the root once all of the tree is here. */
  insert(node: Node, vector: Float32Array): Float32Array | undefined {
    let at = node;
    let sum = vector;
    while (at !== ROOT) {
      const sibling = siblingOf(at);
      if (this.samples(sibling) > 0) {
        const other = this.waiting.get(sibling);
        if (!other) {
          this.waiting.set(at, sum);
          return undefined;
        }
        this.waiting.delete(sibling);
        const [left, right] = isLeft(at) ? [sum, other] : [other, sum];
        this.kernels.add(left, right);
        this.kernels.free(right);
        sum = left;
      }
      at = parentOf(at);
    }
    return sum;
  }
}

/** The same additions for numbers, in float64: the sum over `node` of what `values` holds. */
export function sumOverTree(
  node: Node,
  values: ReadonlyMap<Node, number>,
  samples: (node: Node) => number,
): number {
  const own = values.get(node);
  if (own !== undefined) return own;
  const sides = [2 * node, 2 * node + 1].filter((child) => samples(child) > 0);
  return sides.map((child) => sumOverTree(child, values, samples)).reduce((left, right) => left + right);
}
