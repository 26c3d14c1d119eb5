/** How much memory the pipeline needs, and what bounds it. */
import { CHUNK_ELEMENTS } from '../../shared/chunk-size.js';
import { chunkCount, type Layout } from '../../shared/layout.js';
import { needsWhole, type UpdateRule } from './update-rule.js';

/** How many chunks a worker may be ahead of the slowest: bounds the memory for waiting sums. */
export const WINDOW_CHUNKS = 8;

/** Float32 elements that `Pipeline` allocates for a model. */
export function capacityFor(layout: Layout, rule: UpdateRule, shards: number): number {
  // Weights and average stand in two versions each.
  const vectors = 2 + rule.optimizer.slots.length + (rule.averageDecay > 0 ? 2 : 0);
  const chunks = chunkCount(layout.total);
  const waiting = Math.min(chunks, WINDOW_CHUNKS) * (shards + 1);
  const whole = needsWhole(rule) ? chunks : 0;
  return (
    vectors * (layout.total + 8 * chunks) + (waiting + whole + 2) * Math.min(layout.total + 8, CHUNK_ELEMENTS)
  );
}
