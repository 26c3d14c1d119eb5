/**
 * Rules that make one gradient of those of all workers, of which some may lie: what `--robust` offers. Each works
 * on whole mean gradients, one a worker, that are worth the same whatever a worker's speed.
 *
 * Deterministic for the same contributions; but who computed what decides the result, unlike with plain sums.
 */
import type { RobustName } from '../../../shared/options.js';
import { CenteredClipping } from './clip.js';
import { median, trimmedMean } from './coordinates.js';

/** The mean gradient of one worker's samples of a step: a flat vector, that the rule may change. */
export interface WorkerGradient {
  /** What lasts over steps and connections. */
  identity: string;
  gradient: Float32Array;
}

export interface RobustRule {
  /** Workers in the order of their identities. @returns the gradient to update with: a vector of its own */
  aggregate(workers: readonly WorkerGradient[]): Float32Array;
}

export function createRobustRule(name: RobustName): RobustRule | undefined {
  switch (name) {
    case 'none':
      return undefined;
    case 'clip':
      return new CenteredClipping();
    case 'median':
      return { aggregate: (workers) => median(workers.map(({ gradient }) => gradient)) };
    case 'trimmed':
      return { aggregate: (workers) => trimmedMean(workers.map(({ gradient }) => gradient)) };
    default:
      return name satisfies never;
  }
}
