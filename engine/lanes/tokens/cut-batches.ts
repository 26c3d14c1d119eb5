/**
 * Feeds an engine records of tokens that are cut to the bucket of the longest at hand. Which bucket that is follows from
 * the records of a shard, or of an evaluation's part, and from nothing else: so their sums do not depend on who computes
 * them, nor on how long records are padded where they are stored.
 */
import type { Manifest } from '../../../shared/data/manifest.js';
import { bucketOf } from '../../../shared/data/token-lengths.js';
import type { Batch, Engine } from '../../engine.js';

/**
 * Shards are computed one by one: joined, each combination of their buckets would be a graph of its own.
 * @returns the engine itself where all records have one length
 */
export function cuttingToBuckets(engine: Engine, manifest: Pick<Manifest, 'x' | 'tokens'>): Engine {
  if (!manifest.tokens) return engine;
  const cut = (batch: Batch) => cutToBucket(batch, manifest);
  return {
    name: engine.name,
    engineClass: engine.engineClass,
    setWeights: (weights) => engine.setWeights(weights),
    gradient: (batch, seed, into) => engine.gradient(cut(batch), seed, into),
    evaluate: (batch) => engine.evaluate(cut(batch)),
    dispose: () => engine.dispose(),
  };
}

/** @param batch of at least one record */
export function cutToBucket(batch: Batch, { x: { shape }, tokens }: Pick<Manifest, 'x' | 'tokens'>): Batch {
  const [stored] = shape;
  const { count, x } = batch;
  const length = bucketOf(x, count, tokens!);
  if (length === stored) return { ...batch, length };
  const own = new (x.constructor as new (elements: number) => typeof x)(count * length);
  for (let record = 0; record < count; record++)
    own.set(x.subarray(record * stored!, record * stored! + length), record * length);
  return { ...batch, x: own, length };
}
