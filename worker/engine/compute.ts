/**
 * What a session computes with: an engine and the reduction over a node's shards, wherever they run. In
 * Node that is a thread beside the one that owns the socket, in a browser a worker.
 */
import type { Batch, EvaluationSums, Shard, Sums } from './engine.js';

export interface NodeSums extends Sums {
  samples: number;
}

export interface Compute {
  readonly name: string;
  readonly engineClass: string;
  /** One line for people: what was chosen and why. */
  readonly reason: string;
  /** A vector that can be handed to the calls below without being copied. */
  allocate(elements: number): Float32Array;
  /** `weights` may be overwritten once the promise has resolved. */
  setWeights(weights: Float32Array): Promise<void>;
  /**
   * Writes the contribution of a node, whose shards are given in order, to all of `into`. Once `stop` is aborted
   * it ends after the shard in hand: then the sums are of the shards computed, and `into` holds nothing of use.
   */
  computeNode(shards: Shard[], into: Float32Array, stop?: AbortSignal): Promise<NodeSums>;
  evaluate(batch: Batch): Promise<EvaluationSums>;
  close(): Promise<void>;
}
