/**
 * What a session computes with: an engine and the reduction over a node's shards, wherever they run. In
 * Node that is a thread beside the one that owns the socket, in a browser a worker.
 */
import type { Batch, EvaluationSums, Shard, Sums } from './engine.js';

export interface NodeSums extends Sums {
  samples: number;
}

export interface ComputedNode extends NodeSums {
  /** Milliseconds of computing, if several calls were computed at a time: each counts its part of them. */
  computeMs?: number;
}

export interface Compute {
  readonly name: string;
  readonly engineClass: string;
  /** One line for people: what was chosen and why. */
  readonly reason: string;
  /** How many calls it computes at a time; default: 1. */
  readonly lanes?: number;
  /** A vector that can be handed to the calls below without being copied. */
  allocate(elements: number): Float32Array;
  /**
   * Calls that follow compute with these weights, whether or not this has resolved. Called while nothing that matters is
   * computed: what is computed once `weights` are overwritten is of no use.
   */
  setWeights(weights: Float32Array): Promise<void>;
  /**
   * Writes the contribution of a node, whose shards are given in order, to all of `into`. Once `stop` is aborted
   * it ends after the shard in hand: then the sums are of the shards computed, and `into` holds nothing of use.
   */
  computeNode(shards: readonly Shard[], into: Float32Array, stop?: AbortSignal): Promise<ComputedNode>;
  evaluate(batch: Batch): Promise<EvaluationSums>;
  close(): Promise<void>;
}
