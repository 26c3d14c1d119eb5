/** How gradients change the weights: the optimizer, and what is done to the gradient and after the update. */
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Optimizer } from '../../../shared/numerics/update/optimizers/optimizer.js';
import { constrainedIn, isNorm } from '../../../shared/numerics/update/project.js';

export interface UpdateRule {
  optimizer: Optimizer;
  /** Bound of the gradient's global norm; 0: none. */
  clipNorm: number;
  /** Bound of each element of the gradient; 0: none. */
  clipValue: number;
  /** Decay of the moving average of the weights; 0: none is kept. */
  averageDecay: number;
}

/**
 * Whether an update can only be made when all of the gradient is known: also where the norm of a weight is bound that
 * does not lie in one chunk.
 */
export const needsWhole = (rule: UpdateRule, layout: Layout): boolean =>
  rule.clipNorm > 0 ||
  rule.optimizer.updateWhole !== undefined ||
  constrainedIn(layout.slots).some((slot) => isNorm(slot.constraint) && layout.chunksOf(slot).length > 1);
