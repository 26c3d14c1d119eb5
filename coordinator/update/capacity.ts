/** How much memory the pipeline needs, and what bounds it. */
import type { Layout } from '../../shared/numerics/layout.js';
import { MOST_LANDINGS } from './kernels/landing.js';
import { needsWhole, type UpdateRule } from './rule/update-rule.js';

/** How many chunks a worker may be ahead of the slowest: bounds the memory for waiting sums. */
export const WINDOW_CHUNKS = 8;

/** Float32 elements that `Pipeline` allocates for a model. */
export function capacityFor(layout: Layout, rule: UpdateRule, shards: number): number {
  // Weights and average stand in two versions each.
  const vectors = 2 + rule.optimizer.slots.length + (rule.averageDecay > 0 ? 2 : 0);
  const { chunks, total, chunkElements } = layout;
  const waiting = Math.min(chunks, WINDOW_CHUNKS) * (shards + 1);
  const whole = needsWhole(rule, layout) ? chunks : 0;
  const single = waiting + whole + MOST_LANDINGS + 2;
  return vectors * (total + 8 * chunks) + single * Math.min(total + 8, chunkElements);
}
