/**
 * Adds one chunk over the reduction tree, with nodes arriving in any order.
 *
 * A node's value waits until its sibling's is here; then left + right moves up to the parent, and so on
 * to the root: of the whole tree, or of the part of it that a relay would sum. So the additions are those of the tree,
 * and at most one vector a node is held.
 */
import { isLeft, type Node, parentOf, ROOT, siblingOf } from '../../shared/numerics/tree.js';
import type { Kernels } from '../../shared/numerics/update/kernels/kernels.js';
import type { WaitingSums } from './waiting-sums.js';

/** What the root adds up to: `left`, or left + right where there is a `right`, an addition that is still to be made. */
export interface RootSum {
  left: Float32Array;
  right: Float32Array | undefined;
}

/** What codes the values of nodes (shared/numerics/codec/coded-nodes.ts), in one chunk of one step. */
export interface NodeCoder {
  /** Whether what has come to `node` is to be coded there. @param isSum of two children */
  isCodedHere(node: Node, isSum: boolean): boolean;
  code(node: Node, vector: Float32Array): void;
}

export class TreeSum {
  private readonly waiting = new Map<Node, Float32Array>();

  /**
   * @param samples how many samples lie under a node: one without any has no value to wait for
   * @param root of the part of the tree to sum; all nodes that come lie under it
   * @param store where sums wait; undefined: where they are
   * @param coder undefined: sums are plain float32
   */
  constructor(
    private readonly kernels: Pick<Kernels, 'add' | 'free'>,
    private readonly samples: (node: Node) => number,
    private readonly root: Node = ROOT,
    private readonly store?: WaitingSums,
    private readonly coder?: NodeCoder,
  ) {}

  /**
   * Takes over `vector`. Returns the sum over the root once all below it is here. The last addition is left to
   * who goes on with the sum, and can do both in one pass.
   */
  insert(node: Node, vector: Float32Array): RootSum | undefined {
    let at = node;
    let sum = vector;
    while (at !== this.root) {
      const sibling = siblingOf(at);
      const parent = parentOf(at);
      const isSum = this.samples(sibling) > 0;
      const isCoded = this.coder?.isCodedHere(parent, isSum) ?? false;
      if (isSum) {
        const kept = this.waiting.get(sibling);
        if (!kept) {
          this.waiting.set(at, this.store?.keep(sum) ?? sum);
          return undefined;
        }
        const other = this.store?.take(kept) ?? kept;
        this.waiting.delete(sibling);
        const [left, right] = isLeft(at) ? [sum, other] : [other, sum];
        if (parent === this.root && !isCoded) return { left, right };
        this.kernels.add(left, right);
        this.kernels.free(right);
        sum = left;
      }
      if (isCoded) this.coder!.code(parent, sum);
      at = parent;
    }
    return { left: sum, right: undefined };
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
