/**
 * `--shards auto`: one range of the global batch for each worker, sized by its speed, one engine run
 * each. Faster than a fixed number of shards, and no longer bit-identical from one cluster to another.
 */
import { MAX_SHARDS, powerOfTwoFrom } from '../../../shared/numerics/tree.js';
import type { Assignment, PlannedWorker } from './planner.js';

/**
 * @returns the shards' bounds (as many shards as the next power of two, the last ones empty) and who
 *   computes each
 */
export function autoShards(
  samples: number,
  workers: readonly Pick<PlannedWorker, 'id' | 'speed'>[],
): { bounds: number[]; assignments: Assignment[] } {
  const chosen = workers.slice(0, Math.min(MAX_SHARDS, Math.max(1, samples)));
  const known = chosen.flatMap(({ speed }) => speed ?? []);
  const average = known.length > 0 ? known.reduce((sum, speed) => sum + speed, 0) / known.length : 1;
  const speeds = chosen.map(({ speed }) => speed ?? average);
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  const shards = powerOfTwoFrom(chosen.length);
  const bounds = [0];
  let passed = 0;
  for (const speed of speeds) {
    passed += speed;
    bounds.push(Math.round((samples * passed) / total));
  }
  while (bounds.length <= shards) bounds.push(samples);
  const assignments = chosen
    .map(({ id }, at) => ({ node: shards + at, worker: id, samples: bounds[at + 1]! - bounds[at]! }))
    .filter((assignment) => assignment.samples > 0)
    .map(({ node, worker }) => ({ node, worker }));
  return { bounds, assignments };
}
