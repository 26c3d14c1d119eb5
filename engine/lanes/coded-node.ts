/**
 * Computes a node of a run that codes its gradients (shared/numerics/codec/coded-nodes.ts): piece by piece, since what is added has to
 * be coded first. A piece is one shard, or a whole subtree at the depth to which nodes are coded. As many pieces are
 * computed at a time as there are lanes; coding and adding is done here, while lanes compute the next.
 */
import type { Exchange } from '../../shared/numerics/codec/exchange.js';
import { childrenOf, depthOf, type Node } from '../../shared/numerics/tree.js';
import type { Compute, ComputedNode, NodeSums } from '../compute.js';
import { addRange, sumOf } from '../compute-node.js';
import type { Shard } from '../engine.js';
import { Slots } from './jobs.js';

/** What has been computed of a node: its value is still to be coded, as that of `origin`. */
export interface UncodedNode extends ComputedNode {
  origin: Node;
}

interface Value {
  vector: Float32Array;
  sums: NodeSums;
  origin: Node;
}

export class CodedComputer {
  private readonly slots: Slots;

  constructor(
    private readonly compute: Pick<Compute, 'computeNode' | 'allocate' | 'lanes'>,
    private readonly exchange: Exchange,
  ) {
    this.slots = new Slots((elements) => compute.allocate(elements));
  }

  /**
   * As `Compute.computeNode`.
   * @param step whose node it is; @param shards of the node, in order
   */
  async computeNode(
    step: number,
    node: Node,
    shards: readonly Shard[],
    into: Float32Array,
    stop?: AbortSignal,
  ): Promise<UncodedNode> {
    const work = new Work(this.compute, this.exchange, this.slots, into.length, step, stop);
    const value = await work.value(node, shards, () => into);
    const computeMs = work.computeMs === undefined ? {} : { computeMs: work.computeMs };
    if (stop?.aborted) return { ...work.computed, ...computeMs, origin: node };
    if (value) return { ...value.sums, ...computeMs, origin: value.origin };
    into.fill(0);
    return { ...NOTHING, origin: node };
  }
}

const NOTHING: NodeSums = { samples: 0, loss: 0, metric: 0 };

/** One node in hand. */
class Work {
  /** Of all pieces so far, in the order in which they were done. */
  computed = NOTHING;
  /** Undefined where an engine does not tell. */
  computeMs: number | undefined;
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly compute: Pick<Compute, 'computeNode' | 'lanes'>,
    private readonly exchange: Exchange,
    private readonly slots: Slots,
    private readonly elements: number,
    private readonly step: number,
    private readonly stop: AbortSignal | undefined,
  ) {
    this.free = compute.lanes ?? 1;
  }

  /** @param place where it shall lie: asked for when its first piece begins. @returns undefined without samples, or once stopped */
  async value(node: Node, shards: readonly Shard[], place: () => Float32Array): Promise<Value | undefined> {
    if (shards.every(({ batch }) => batch.count === 0)) return undefined;
    if (shards.length === 1 || depthOf(node) >= this.exchange.nodes.depth)
      return this.piece(node, shards, place);
    const half = shards.length / 2;
    const [leftNode, rightNode] = childrenOf(node);
    const [left, right] = [shards.slice(0, half), shards.slice(half)];
    let taken: Float32Array | undefined;
    const beside = () => {
      taken ??= this.slots.take(this.elements);
      return taken;
    };
    const hasLeft = left.some(({ batch }) => batch.count > 0);
    const [one, other] = await Promise.all([
      this.value(leftNode, left, place),
      this.value(rightNode, right, hasLeft ? beside : place),
    ]);
    if (one && other) this.add(one, other);
    if (taken) this.slots.give(taken);
    if (!(one && other)) return one ?? other;
    return { vector: one.vector, sums: sumOf(one.sums, other.sums), origin: node };
  }

  /** left = the code of left + the code of right */
  private add(one: Value, other: Value): void {
    const { chunks, nodes } = this.exchange;
    for (const { vector, origin } of [one, other]) chunks.roundAll(vector, nodes.keys(this.step, origin));
    const [into, right] = [one.vector, other.vector];
    addRange({ left: into, right, into, from: 0, to: into.length });
  }

  private async piece(
    node: Node,
    shards: readonly Shard[],
    place: () => Float32Array,
  ): Promise<Value | undefined> {
    await this.turn();
    try {
      if (this.stop?.aborted) return undefined;
      const vector = place();
      const { computeMs, ...sums } = await this.compute.computeNode(shards, vector, this.stop);
      if (computeMs !== undefined) this.computeMs = (this.computeMs ?? 0) + computeMs;
      this.computed = sumOf(this.computed, sums);
      return { vector, sums, origin: node };
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }

  /** Resolves when a lane is free: in the order of the shards, so that few values wait for each other. */
  private turn(): Promise<void> {
    return new Promise((resolve) => {
      if (this.free === 0) this.waiting.push(resolve);
      else {
        this.free--;
        resolve();
      }
    });
  }
}
