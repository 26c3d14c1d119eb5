/** A coded tree against plain recursion: whoever computes which nodes, and in whatever order they come. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createExchange } from '../../shared/numerics/codec/exchange.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { Random } from '../../shared/numerics/random.js';
import { childrenOf, depthOf, firstShard, leafCount, type Node, ROOT } from '../../shared/numerics/tree.js';
import type { Compute } from '../compute.js';
import { NodeComputer } from '../compute-node.js';
import type { Engine, Shard } from '../engine.js';
import { CodedComputer } from './coded-node.js';

const layout = layoutOf([
  { name: 'kernel', shape: [300], trainable: true },
  { name: 'bias', shape: [5], trainable: true },
]);
const STEP = 3;

const gradientOf = (seed: number) => {
  const random = new Random(seed);
  return Float32Array.from({ length: layout.total }, () => random.between(-1, 1));
};
const shardOf = (count: number, seed: number): Shard => ({
  batch: { count, x: new Uint8Array(count), y: new Uint8Array(count) },
  seed,
});

/** As many lanes as are told of, each of which computes when it is its turn. */
function computeOf(lanes: number) {
  let [busy, most, allocated] = [0, 0, 0];
  const engine: Engine = {
    ...{ name: 'plain', engineClass: 'plain@1', setWeights: async () => undefined, dispose: () => undefined },
    gradient: async ({ count }, seed, into) => {
      into.set(gradientOf(seed));
      return { loss: seed / 7, metric: count };
    },
    evaluate: async () => ({ loss: 0, metric: 0 }),
  };
  const compute: Pick<Compute, 'computeNode' | 'allocate' | 'lanes'> = {
    lanes,
    allocate(elements) {
      allocated++;
      return new Float32Array(elements);
    },
    async computeNode(shards, into) {
      most = Math.max(most, ++busy);
      await new Promise((resolve) => setImmediate(resolve));
      busy--;
      return new NodeComputer(engine).compute(shards, into);
    },
  };
  return { compute, used: () => ({ most, allocated }) };
}

/** The value of a node, as PROTOCOL.md defines it; undefined without samples. */
function plainValue(
  node: Node,
  shards: readonly Shard[],
  { chunks, nodes }: NonNullable<ReturnType<typeof createExchange>>,
): Float32Array | undefined {
  const depth = depthOf(node);
  const code = (vector: Float32Array) => {
    chunks.roundAll(vector, nodes.keys(STEP, node));
    return vector;
  };
  if (node >= shards.length) {
    const { batch, seed } = shards[node - shards.length]!;
    if (batch.count === 0) return undefined;
    return depth <= nodes.depth ? code(gradientOf(seed)) : gradientOf(seed);
  }
  const [left, right] = childrenOf(node).map((child) => plainValue(child, shards, { chunks, nodes }));
  if (left && right) for (const [i, value] of right.entries()) left[i]! += value;
  const sum = left ?? right;
  const isNew = depth === nodes.depth || (depth < nodes.depth && left && right);
  return sum && isNew ? code(sum) : sum;
}

/** What the worker sends of a node, decoded. */
async function sent(
  node: Node,
  shards: readonly Shard[],
  lanes: number,
  exchange: NonNullable<ReturnType<typeof createExchange>>,
) {
  const { compute, used } = computeOf(lanes);
  const first = firstShard(shards.length, node);
  const own = shards.slice(first, first + leafCount(shards.length, node));
  const into = new Float32Array(layout.total);
  const computer = new CodedComputer(compute, exchange);
  const { origin, ...sums } = await computer.computeNode(STEP, node, own, into);
  if (!exchange.nodes.isCoded(node)) return { values: into, sums, used: used() };
  const body = exchange.chunks.encode(0, into, exchange.nodes.keys(STEP, origin));
  return { values: exchange.chunks.decode(0, body)!, sums, used: used() };
}

it('sends of each node the value that the definition gives it, with any number of lanes, wherever shards are empty', async () => {
  const draw = fc.record({
    levels: fc.nat(4),
    depth: fc.nat(5),
    seed: fc.nat(),
    lanes: fc.integer({ min: 1, max: 5 }),
    node: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(draw, async ({ levels, depth, seed, lanes, node: drawn }) => {
      const exchange = createExchange({ code: 'int8', depth }, 9, layout)!;
      const random = new Random(seed);
      const shards = Array.from({ length: 2 ** levels }, (_, i) => shardOf(random.below(3), i));
      const node = ROOT + (drawn % (2 * shards.length - 1));
      const first = firstShard(shards.length, node);
      const own = shards.slice(first, first + leafCount(shards.length, node));
      const expected = plainValue(node, shards, exchange);
      const { values, sums, used } = await sent(node, shards, lanes, exchange);
      expect(values).toEqual(expected ?? new Float32Array(layout.total));
      expect(sums.samples).toBe(own.reduce((sum, { batch }) => sum + batch.count, 0));
      expect(used.most).toBeLessThanOrEqual(lanes);
      // Few values wait for each other, however many shards there are.
      expect(used.allocated).toBeLessThanOrEqual(lanes + levels);
    }),
    { numRuns: 80 },
  );
});

it('ends after the shards in hand once it is stopped, and tells what they were', async () => {
  const exchange = createExchange({ code: 'int8', depth: 3 }, 9, layout)!;
  const stop = new AbortController();
  const { compute } = computeOf(2);
  let begun = 0;
  const computeNode: Compute['computeNode'] = (shards, into) => {
    if (++begun === 2) stop.abort();
    return compute.computeNode(shards, into);
  };
  const computer = new CodedComputer({ ...compute, computeNode }, exchange);
  const shards = Array.from({ length: 8 }, (_, i) => shardOf(2, i));
  const sums = await computer.computeNode(STEP, ROOT, shards, new Float32Array(layout.total), stop.signal);
  expect(sums).toMatchObject({ samples: 4, metric: 4 });
});
