/**
 * Advice where a step has fewer shards than the workers have lanes: a lane computes one shard at a time, so some have
 * nothing to compute. No decision depends on it: lanes are what workers claim.
 */
import { powerOfTwoFrom } from '../../../shared/numerics/tree.js';

export interface IdleLanes {
  /** Shards of a step. */
  shards: number;
  /** Lanes of all workers that take part, as they tell them. */
  lanes: number;
  /** Options of a run whose steps would use all lanes, with as many samples in a shard. */
  remedy: string;
}

/**
 * @param lanes of all workers that take part
 * @param shards of a step
 * @param shardSamples samples of a full shard
 * @param mostShards that a step may have
 */
export function idleLanes(
  lanes: number,
  shards: number,
  shardSamples: number,
  mostShards: number,
): IdleLanes | undefined {
  if (lanes <= shards || shards >= mostShards) return undefined;
  const wanted = Math.min(mostShards, powerOfTwoFrom(lanes));
  return { shards, lanes, remedy: `--batch-size ${wanted * shardSamples} --shards ${wanted}` };
}
