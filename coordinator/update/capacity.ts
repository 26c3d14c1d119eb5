/** How much memory the pipeline needs, and what bounds it. */
import type { Layout } from '../../shared/numerics/layout.js';
import { mostLandings } from './kernels/landing.js';
import { needsWhole, type UpdateRule } from './rule/update-rule.js';

/** How many chunks a worker may be ahead of the slowest, where there is memory for what then waits. */
export const WINDOW_CHUNKS = 8;
/** Float32 elements for sums that wait for their siblings: 256 MiB. */
export const WAITING_FLOATS = 64 << 20;

/**
 * Chunks that workers may be ahead of the slowest: as many as fit the budget, whatever comes first; at least one.
 * @param leases that there may be at a time: of two siblings one waits at most, and what nobody sends does not
 */
export function windowFor({ total, chunkElements }: Layout, shards: number, leases: number): number {
  const waiting = Math.max(1, Math.min(shards / 2, leases)) * Math.max(1, Math.min(total, chunkElements));
  return Math.max(1, Math.min(WINDOW_CHUNKS, Math.floor(WAITING_FLOATS / waiting)));
}

/** Float32 elements that `Pipeline` allocates for a model. @param isCoded whether weights travel coded */
export function capacityFor(layout: Layout, rule: UpdateRule, shards: number, isCoded = false): number {
  // Weights, what workers hold of them where that is another, and average stand in two versions each.
  const vectors = 2 + rule.optimizer.slots.length + (isCoded ? 2 : 0) + (rule.averageDecay > 0 ? 2 : 0);
  const { chunks, total, chunkElements } = layout;
  const chunk = Math.min(total + 8, chunkElements);
  const ahead = Math.min(chunks, WINDOW_CHUNKS);
  // What waits beyond the budget does so in other memory; beside it stand both halves of sums whose turn has not come.
  const waiting = Math.min(ahead * (shards + 1), Math.ceil(WAITING_FLOATS / Math.max(1, chunk))) + 2 * ahead;
  const whole = needsWhole(rule, layout) ? chunks : 0;
  const single = waiting + whole + mostLandings(4 * chunk) + 2;
  return vectors * (total + 8 * chunks) + single * chunk;
}
