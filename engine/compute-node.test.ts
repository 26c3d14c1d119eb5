import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RootSum, TreeSum } from '../coordinator/update/tree-sum.js';
import { firstShard, leafCount, type Node } from '../shared/numerics/tree.js';
import { typescriptKernels } from '../shared/numerics/update/kernels/typescript.js';
import { NodeComputer } from './compute-node.js';
import type { Engine, Shard } from './engine.js';

const LENGTH = 5;

/** An engine whose gradient of a shard is a fixed vector; tells which shards it was given. */
function engineOf(gradients: Float32Array[]) {
  const computed: number[] = [];
  const engine: Engine = {
    name: 'fake',
    engineClass: 'fake',
    setWeights: async () => undefined,
    async gradient(batch, seed, into) {
      computed.push(seed);
      into.set(gradients[seed]!);
      return { loss: seed + 0.5, metric: batch.count };
    },
    evaluate: async () => ({ loss: 0, metric: 0 }),
    dispose: () => undefined,
  };
  return { engine, computed };
}

const shardsOf = (counts: number[]): Shard[] =>
  counts.map((count, seed) => ({
    batch: { count, x: new Uint8Array(count), y: new Uint8Array(count) },
    seed,
  }));

/** left + right in float32, level by level; undefined where nothing has samples. */
function treeSum(gradients: (Float32Array | undefined)[]): Float32Array | undefined {
  if (gradients.length === 1) return gradients[0];
  const half = gradients.length / 2;
  const [left, right] = [treeSum(gradients.slice(0, half)), treeSum(gradients.slice(half))];
  if (!left || !right) return left ?? right;
  return left.map((value, i) => Math.fround(value + right[i]!));
}

const float = fc.float({ min: -1e6, max: 1e6, noNaN: true });
const cases = fc.integer({ min: 0, max: 4 }).chain((levels) => {
  const exactly = { minLength: 2 ** levels, maxLength: 2 ** levels };
  return fc.record({
    counts: fc.array(fc.nat(3), exactly),
    gradients: fc.array(
      fc.array(float, { minLength: LENGTH, maxLength: LENGTH }).map((values) => Float32Array.from(values)),
      exactly,
    ),
  });
});

describe('the contribution of a node', () => {
  it("is its shards' gradients added over the tree in float32, whichever shards are empty", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ counts, gradients }) => {
        const { engine, computed } = engineOf(gradients);
        const into = new Float32Array(LENGTH).fill(Number.NaN);
        const sums = await new NodeComputer(engine).compute(shardsOf(counts), into);
        const present = gradients.map((gradient, i) => (counts[i]! > 0 ? gradient : undefined));
        expect([...into]).toEqual([...(treeSum(present) ?? new Float32Array(LENGTH))]);
        const full = [...counts.keys()].filter((shard) => counts[shard]! > 0);
        expect(computed).toEqual(full);
        const samples = counts.reduce((sum, count) => sum + count, 0);
        expect(sums).toEqual({
          samples,
          loss: full.reduce((sum, shard) => sum + shard + 0.5, 0),
          metric: samples,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('makes the same additions as the coordinator, wherever the tree is cut between the two', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.infiniteStream(fc.boolean()), async ({ counts, gradients }, cuts) => {
        const shards = counts.length;
        const samples = (node: Node) => {
          const first = firstShard(shards, node);
          return counts.slice(first, first + leafCount(shards, node)).reduce((sum, count) => sum + count, 0);
        };
        if (samples(1) === 0) return;
        const cut = (node: Node): Node[] =>
          node < shards && cuts.next().value ? [...cut(2 * node), ...cut(2 * node + 1)] : [node];
        const computer = new NodeComputer(engineOf(gradients).engine);
        const tree = new TreeSum(typescriptKernels(), samples);
        let root: RootSum | undefined;
        for (const node of cut(1).filter((node) => samples(node) > 0)) {
          const first = firstShard(shards, node);
          const into = new Float32Array(LENGTH);
          await computer.compute(shardsOf(counts).slice(first, first + leafCount(shards, node)), into);
          root = tree.insert(node, into);
        }
        const whole = new Float32Array(LENGTH);
        await computer.compute(shardsOf(counts), whole);
        const { left, right } = root!;
        if (right) typescriptKernels().add(left, right);
        expect([...left]).toEqual([...whole]);
      }),
      { numRuns: 300 },
    );
  });

  it('ends after the shard in hand once nobody wants it, and tells of the shards it computed', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(20), async ({ counts, gradients }, patience) => {
        const { engine, computed } = engineOf(gradients);
        const isStopped = async () => computed.length > patience;
        const sums = await new NodeComputer(engine).compute(
          shardsOf(counts),
          new Float32Array(LENGTH),
          isStopped,
        );
        const full = [...counts.keys()].filter((shard) => counts[shard]! > 0);
        expect(computed).toEqual(full.slice(0, patience + 1));
        expect(sums.samples).toBe(computed.reduce((sum, shard) => sum + counts[shard]!, 0));
      }),
      { numRuns: 300 },
    );
  });

  it('takes nothing over from the node before', async () => {
    const gradients = Array.from({ length: 8 }, (_, i) => new Float32Array(LENGTH).fill(2 ** i));
    const computer = new NodeComputer(engineOf(gradients).engine);
    const into = new Float32Array(LENGTH);
    for (const counts of [
      [1, 1, 1, 1, 1, 1, 1, 1],
      [0, 1, 0, 0, 1, 1, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ]) {
      await computer.compute(shardsOf(counts), into);
      const expected = counts.reduce((sum, count, i) => sum + count * 2 ** i, 0);
      expect([...into]).toEqual(Array(LENGTH).fill(expected));
    }
  });
});
