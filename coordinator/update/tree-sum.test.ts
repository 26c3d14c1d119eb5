import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedNodes } from '../../shared/numerics/codec/coded-nodes.js';
import { depthOf, firstShard, leafCount, type Node, ROOT } from '../../shared/numerics/tree.js';
import { typescriptKernels } from '../../shared/numerics/update/kernels/typescript.js';
import { type RootSum, sumOverTree, TreeSum } from './tree-sum.js';
import { WaitingSums } from './waiting-sums.js';

const LENGTH = 4;
const float = fc.float({ min: -1e6, max: 1e6, noNaN: true });

/** Shards with and without samples, a cut of the tree into nodes, and an order in which they arrive. */
const cases = fc.integer({ min: 0, max: 4 }).chain((levels) => {
  const shards = 2 ** levels;
  const exactly = { minLength: shards, maxLength: shards };
  return fc.record({
    shards: fc.constant(shards),
    counts: fc.array(fc.nat(2), exactly),
    leaves: fc.array(fc.array(float, { minLength: LENGTH, maxLength: LENGTH }), exactly),
    cuts: fc.array(fc.boolean(), { minLength: 2 * shards, maxLength: 2 * shards }),
    order: fc.infiniteStream(fc.nat()),
    isCrowded: fc.boolean(),
    /** Of the part of the tree that is summed: all of it, or what a relay would sum. */
    root: fc.integer({ min: ROOT, max: 2 * shards - 1 }),
    /** Down to which values are coded; undefined: they are not. */
    depth: fc.option(fc.nat(5), { nil: undefined }),
  });
});

/** A code that tells where and how often it was applied. */
const code = (node: Node, vector: Float32Array) => {
  for (let i = 0; i < LENGTH; i++) vector[i] = vector[i]! / 2 + node;
};

/** left + right in float32, node by node, coded down to a depth; undefined for a node without samples. */
function reference(
  node: Node,
  shards: number,
  counts: number[],
  leaves: number[][],
  depth?: number,
): Float32Array | undefined {
  const coded = (vector: Float32Array, isNew = true) => {
    const level = depthOf(node);
    if (depth !== undefined && (level === depth || (isNew && level < depth))) code(node, vector);
    return vector;
  };
  if (node >= shards)
    return counts[node - shards]! > 0 ? coded(Float32Array.from(leaves[node - shards]!)) : undefined;
  const left = reference(2 * node, shards, counts, leaves, depth);
  const right = reference(2 * node + 1, shards, counts, leaves, depth);
  const one = left ?? right;
  if (!left || !right) return one && coded(one, false);
  return coded(left.map((value, i) => Math.fround(value + right[i]!)));
}

function samplesUnder(shards: number, counts: number[]) {
  return (node: Node) => {
    const first = firstShard(shards, node);
    return counts.slice(first, first + leafCount(shards, node)).reduce((sum, count) => sum + count, 0);
  };
}

/** With the addition that was left to be made. */
const added = ({ left, right }: RootSum) =>
  right ? Array.from(left, (value, i) => Math.fround(value + right[i]!)) : [...left];

describe('the sum over the tree', () => {
  it('is the same to the bit, whatever the nodes and the order in which they arrive, also of a part of the tree', () => {
    fc.assert(
      fc.property(cases, ({ shards, counts, leaves, cuts, order, isCrowded, root, depth }) => {
        const samples = samplesUnder(shards, counts);
        if (samples(root) === 0) return;
        const freed: Float32Array[] = [];
        let allocated = 0;
        const kernels = {
          ...typescriptKernels(),
          allocate(elements: number) {
            allocated++;
            return new Float32Array(elements);
          },
          free: (vector: Float32Array) => void freed.push(vector),
        };
        // Of four sums that wait, some do so elsewhere.
        const store = new WaitingSums(kernels, 2 * LENGTH);
        const nodesCoded = depth === undefined ? undefined : new CodedNodes(1, depth);
        const coder = nodesCoded && {
          isCodedHere: (node: Node, isSum: boolean) => nodesCoded.isCodedHere(node, isSum),
          code,
        };
        const tree = new TreeSum(kernels, samples, root, isCrowded ? store : undefined, coder);
        const cut = (node: Node): Node[] =>
          node < shards && cuts[node] ? [...cut(2 * node), ...cut(2 * node + 1)] : [node];
        const nodes = cut(root).filter((node) => samples(node) > 0);
        const count = nodes.length;
        let sum: RootSum | undefined;
        while (nodes.length > 0) {
          expect(sum).toBeUndefined();
          const [node] = nodes.splice(order.next().value % nodes.length, 1);
          sum = tree.insert(node!, reference(node!, shards, counts, leaves, depth)!);
        }
        const { left, right } = sum!;
        // All vectors but those that are returned are given back, each once.
        expect(new Set(freed).size).toBe(freed.length);
        expect(freed).toHaveLength(count + allocated - (right ? 2 : 1));
        expect(freed).not.toContain(left);
        expect(freed).not.toContain(right);
        expect(added(sum!)).toEqual([...reference(root, shards, counts, leaves, depth)!]);
      }),
      { numRuns: 500 },
    );
  });

  it('is left + right: where that differs from right-to-left, it shows', () => {
    const tree = new TreeSum(typescriptKernels(), () => 1);
    const values = [1e8, 1, 1, -1e8];
    let root: RootSum | undefined;
    for (const shard of [3, 1, 0, 2]) root = tree.insert(4 + shard, Float32Array.of(values[shard]!));
    // (1e8 + 1) + (1 - 1e8), each rounded to multiples of 8.
    expect(added(root!)).toEqual([0]);
  });
});

describe('the sum of numbers over the tree', () => {
  it('makes the additions of the tree in float64, whatever the nodes', () => {
    fc.assert(
      fc.property(cases, ({ shards, counts, leaves, cuts }) => {
        const samples = samplesUnder(shards, counts);
        if (samples(ROOT) === 0) return;
        const plain = (node: Node): number | undefined => {
          if (node >= shards) return counts[node - shards]! > 0 ? leaves[node - shards]![0]! : undefined;
          const [left, right] = [plain(2 * node), plain(2 * node + 1)];
          return left === undefined || right === undefined ? (left ?? right) : left + right;
        };
        const values = new Map<Node, number>();
        const visit = (node: Node): void => {
          if (node < shards && cuts[node]) {
            visit(2 * node);
            visit(2 * node + 1);
          } else if (samples(node) > 0) values.set(node, plain(node)!);
        };
        visit(ROOT);
        expect(sumOverTree(ROOT, values, samples)).toBe(plain(ROOT));
      }),
    );
  });
});
