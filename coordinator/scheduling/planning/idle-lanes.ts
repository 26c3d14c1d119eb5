/**
 * Advice where a step has fewer shards than the workers have lanes: a lane computes one shard at a time, so some have
 * nothing to compute. No decision depends on it: lanes are what workers claim.
 */
import { MAX_SHARDS, powerOfTwoFrom } from '../../../shared/numerics/tree.js';

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

/** Gives that advice once, as soon as there is a reason. */
export class LanesAdvice {
  given: IdleLanes | undefined;

  /**
   * @param shards of a step; under `auto` each worker gets one shard, since each counts as one where gradients are held
   *   against each other: then there is nothing to advise
   * @param shardSamples samples of a full shard
   */
  constructor(
    private readonly shards: number | 'auto',
    private readonly shardSamples: number,
  ) {}

  /** @param lanes of all workers that take part */
  once(lanes: () => number): IdleLanes | undefined {
    const { shards } = this;
    if (this.given || shards === 'auto') return undefined;
    this.given = idleLanes(lanes(), shards, this.shardSamples, MAX_SHARDS);
    return this.given;
  }
}
