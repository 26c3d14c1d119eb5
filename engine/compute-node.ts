/**
 * The contribution of a node from those of its shards: left + right in float32, level by level, as
 * shared/numerics/tree.ts tells. A shard without samples is skipped, and its sibling's value moves up unchanged.
 */
import type { NodeSums } from './compute.js';
import type { Engine, Shard } from './engine.js';

/** Whether the node is no longer wanted. Called between shards, and between the updates of a round. */
export type AskStopped = () => Promise<boolean>;

const NEVER: AskStopped = async () => false;

export class NodeComputer {
  private readonly free: Float32Array[] = [];

  constructor(private readonly engine: Engine) {}

  /**
   * Writes the contribution to all of `into`; zeros if no shard has samples. Once stopped, it ends after the shard
   * in hand, or its update: the sums are then of the shards computed, and `into` holds nothing of use.
   */
  async compute(
    shards: readonly Shard[],
    into: Float32Array,
    isStopped: AskStopped = NEVER,
  ): Promise<NodeSums> {
    const result = await this.sum(shards, into, isStopped);
    if (result) return result;
    into.fill(0);
    return { samples: 0, loss: 0, metric: 0 };
  }

  private async sum(
    shards: readonly Shard[],
    into: Float32Array,
    isStopped: AskStopped,
  ): Promise<NodeSums | undefined> {
    if (shards.length === 1) {
      const { batch, seed, updates } = shards[0]!;
      if (batch.count === 0) return undefined;
      const replica = updates && { updates, isStopped };
      const { samples = batch.count, ...sums } = await this.engine.gradient(batch, seed, into, replica);
      return { samples, loss: sums.loss, metric: sums.metric };
    }
    const joined = await this.engine.gradientOfShards?.(shards, into);
    if (joined) return added(joined.map((sums, i) => ({ samples: shards[i]!.batch.count, ...sums })));
    const half = shards.length / 2;
    const left = await this.sum(shards.slice(0, half), into, isStopped);
    if (!left) return this.sum(shards.slice(half), into, isStopped);
    if (await isStopped()) return left;
    const other = this.free.pop() ?? new Float32Array(into.length);
    const right = await this.sum(shards.slice(half), other, isStopped);
    if (right) addRange({ left: into, right: other, into, from: 0, to: into.length });
    this.free.push(other);
    return right ? sumOf(left, right) : left;
  }
}

/** Adds the sums over the tree, in the order of the gradients. */
function added(parts: readonly NodeSums[]): NodeSums {
  if (parts.length === 1) return parts[0]!;
  const half = parts.length / 2;
  return sumOf(added(parts.slice(0, half)), added(parts.slice(half)));
}

export const sumOf = (left: NodeSums, right: NodeSums): NodeSums => ({
  samples: left.samples + right.samples,
  loss: left.loss + right.loss,
  metric: left.metric + right.metric,
});

/** left + right in float32 for the elements `[from, to)`. */
export interface RangeSum {
  left: Float32Array;
  right: Float32Array;
  into: Float32Array;
  from: number;
  to: number;
}

export function addRange({ left, right, into, from, to }: RangeSum): void {
  for (let i = from; i < to; i++) into[i] = left[i]! + right[i]!;
}
