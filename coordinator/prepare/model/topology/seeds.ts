/**
 * Makes a topology's randomness follow from the run's seed: every initializer gets a seed of its own, and
 * layers that draw at random while training lose theirs, since a fixed one would draw the same numbers in
 * every step; they draw from the stream of (run seed, step, shard).
 */
import { mix } from '../../../../shared/numerics/random.js';
import type { Topology } from '../layers/topology-json.js';

/** A copy of `topology` with seeds. Existing seeds of initializers are kept. */
export function seedTopology(topology: Topology, seed: number): Topology {
  let count = 0;
  const visit = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((entry) => visit(entry, key));
    if (typeof value !== 'object' || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, visit(entry, name)]));
    const { config } = copy as { config?: { seed?: unknown } };
    if (typeof config === 'object' && config !== null && 'seed' in config) {
      if (!/initializer$/i.test(key)) config.seed = null;
      // TF.js takes a seed of 0 for none.
      else config.seed ??= mix(seed, count++) || 1;
    }
    return copy;
  };
  return visit(topology, '') as Topology;
}
