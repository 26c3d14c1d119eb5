/** What lanes are given to do: pieces of a node, additions of their values, and parts of an evaluation. */
import type { ComputedNode, NodeSums } from '../compute.js';
import { sumOf } from '../compute-node.js';
import type { Batch, EvaluationSums, Shard } from '../engine.js';
import type { Lane } from './lane.js';
import { type Addition, type Piece, PieceTree } from './pieces.js';

export interface Job {
  /** Samples that it computes; 0: it only adds. */
  readonly samples: number;
  /** Whether anyone still waits for it. */
  readonly isWanted: boolean;
  /** Computes. @returns what takes the result in; it tells which jobs have become possible */
  perform(lane: Lane): Promise<() => Job[]>;
  /** A lane has begun it. */
  begun(): void;
  /** The lane that had it is lost. @param hangs it may still write where it was told to */
  lost(hangs: boolean): void;
  /** It has had a lane for so long; of lanes that compute at the same time, each counts its part. */
  spent(ms: number): void;
  /** No lane is left. */
  fail(error: Error): void;
}

/** Vectors that were allocated once, for values on their way up the tree. */
export class Slots {
  private free: Float32Array[] = [];

  constructor(private readonly allocate: (elements: number) => Float32Array) {}

  take(elements: number): Float32Array {
    return this.free.pop() ?? this.allocate(elements);
  }

  give(slot: Float32Array): void {
    this.free.push(slot);
  }
}

/** Whoever computes the node again needs other memory for it. */
const STILL_WRITTEN = 'a lane does not answer, and may still write to the gradient';

/** An addition is shared out in parts of at least so many elements: less is done before others hear of it. */
const RANGE_ELEMENTS = 1 << 17;

export interface NodeWork {
  shards: readonly Shard[];
  into: Float32Array;
  stop?: AbortSignal | undefined;
  slots: Slots;
  lanes: number;
}

/** A node while lanes compute it. */
export class NodeInHand {
  readonly result: Promise<ComputedNode>;
  private resolve!: (sums: ComputedNode) => void;
  private reject!: (error: Error) => void;
  private readonly tree: PieceTree<Float32Array>;
  private readonly taken = new Set<Float32Array>();
  private running = 0;
  private computeMs = 0;
  /** Of the pieces that were computed, whether in whole or in part, once it is stopped. */
  private computed: NodeSums = { samples: 0, loss: 0, metric: 0 };
  private isOver = false;

  constructor(private readonly work: NodeWork) {
    const { shards, lanes, stop } = work;
    this.tree = new PieceTree(shards, lanes);
    this.result = new Promise((resolve, reject) => {
      [this.resolve, this.reject] = [resolve, reject];
    });
    stop?.addEventListener('abort', this.stopped);
  }

  get isWanted(): boolean {
    return !(this.isOver || this.work.stop?.aborted);
  }

  /** The first jobs. */
  begin(): Job[] {
    const { pieces } = this.tree;
    if (this.isWanted && pieces.length > 0) return pieces.map((piece) => this.computing(piece));
    this.work.into.fill(0);
    this.end(this.computed);
    return [];
  }

  fail(error: Error): void {
    // Lanes may still write to the slots: they are not used again.
    this.taken.clear();
    this.close();
    this.reject(error);
  }

  private computing({ number, shards }: Piece): Job {
    const samples = shards.reduce((sum, { batch }) => sum + batch.count, 0);
    let slot: Float32Array | undefined;
    const perform = async (lane: Lane) => {
      slot ??= this.slotOf(number);
      const into = slot;
      const sums = await lane.computeNode(shards, into, this.work.stop);
      return () => {
        this.computed = sumOf(this.computed, sums);
        return this.isWanted ? this.put(number, { slot: into, sums }) : [];
      };
    };
    const abandon = () => {
      if (slot === this.work.into) return this.fail(new Error(STILL_WRITTEN));
      if (slot) this.taken.delete(slot);
      slot = undefined;
    };
    return this.job(samples, perform, abandon);
  }

  private adding({ number, left, right }: Addition<Float32Array>): Job[] {
    const into = this.slotOf(number);
    const { length } = into;
    const ranges = Math.max(1, Math.min(this.work.lanes, Math.floor(length / RANGE_ELEMENTS)));
    let pending = ranges;
    return Array.from({ length: ranges }, (_, i) => {
      const [from, to] = [i, i + 1].map((at) => Math.floor((at * length) / ranges)) as [number, number];
      const perform = async (lane: Lane) => {
        await lane.add({ left: left.slot, right: right.slot, into, from, to });
        return () => {
          if (--pending > 0 || !this.isWanted) return [];
          for (const { slot } of [left, right]) this.giveBack(slot);
          return this.put(number, { slot: into, sums: sumOf(left.sums, right.sums) });
        };
      };
      return this.job(0, perform, () => this.fail(new Error(STILL_WRITTEN)));
    });
  }

  /** @param abandon gives up the memory that a lane was told to write to, and may still write to */
  private job(samples: number, perform: Job['perform'], abandon: () => void): Job {
    const node = this;
    return {
      samples,
      get isWanted() {
        return node.isWanted;
      },
      begun: () => {
        this.running++;
      },
      lost: (hangs) => {
        if (hangs) abandon();
        this.released();
      },
      perform: async (lane) => {
        const take = await perform(lane);
        return () => {
          const jobs = take();
          this.released();
          return jobs;
        };
      },
      spent: (ms) => {
        this.computeMs += ms;
      },
      fail: (error) => this.fail(error),
    };
  }

  private put(number: number, value: { slot: Float32Array; sums: NodeSums }): Job[] {
    const addition = this.tree.put(number, value);
    if (addition) return this.adding(addition);
    if (this.tree.isWhole(number)) this.end(value.sums);
    return [];
  }

  private released(): void {
    this.running--;
    this.stopped();
  }

  private readonly stopped = (): void => {
    if (this.work.stop?.aborted && this.running === 0) this.end(this.computed);
  };

  private end(sums: NodeSums): void {
    if (this.isOver) return;
    this.close();
    this.resolve({ ...sums, computeMs: this.computeMs });
  }

  private close(): void {
    this.isOver = true;
    this.work.stop?.removeEventListener('abort', this.stopped);
    for (const slot of this.taken) this.work.slots.give(slot);
    this.taken.clear();
  }

  private slotOf(number: number): Float32Array {
    const { into, slots } = this.work;
    if (this.tree.isWhole(number)) return into;
    const slot = slots.take(into.length);
    this.taken.add(slot);
    return slot;
  }

  private giveBack(slot: Float32Array): void {
    if (this.taken.delete(slot)) this.work.slots.give(slot);
  }
}

/** A part of an evaluation: one lane computes it whole, since its sums are made within the engine. */
export function evaluation(batch: Batch): { job: Job; result: Promise<EvaluationSums> } {
  let job!: Job;
  const result = new Promise<EvaluationSums>((resolve, reject) => {
    job = {
      samples: batch.count,
      isWanted: true,
      begun: () => undefined,
      lost: () => undefined,
      spent: () => undefined,
      fail: reject,
      async perform(lane) {
        const sums = await lane.evaluate(batch);
        return () => {
          resolve(sums);
          return [];
        };
      },
    };
  });
  return { job, result };
}
