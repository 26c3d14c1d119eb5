/**
 * One of a machine's lanes: an engine of one thread, which computes pieces of nodes beside others like it. Vectors
 * lie in memory that all lanes see; what crosses from thread to thread is a batch and a few numbers.
 */
import type { ComputedNode } from '../compute.js';
import type { RangeSum } from '../compute-node.js';
import type { Batch, EvaluationSums, Shard } from '../engine.js';

/** Every call is a pure function of the weights and what it is given: another lane may do it again. */
export interface Lane {
  readonly engineClass: string;
  /** `weights` may be overwritten once the promise has resolved. */
  setWeights(weights: Float32Array): Promise<void>;
  /** As `Compute.computeNode`. */
  computeNode(shards: readonly Shard[], into: Float32Array, stop?: AbortSignal): Promise<ComputedNode>;
  add(sum: RangeSum): Promise<void>;
  evaluate(batch: Batch): Promise<EvaluationSums>;
  /** Ends it after what it has in hand. Resolves once it is gone, which one that hangs never is. */
  close(): Promise<void>;
}
