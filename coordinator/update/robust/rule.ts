/**
 * Rules that make one gradient of those of all workers, of which some may lie: what `--robust` offers. Each works
 * on whole mean gradients, one a worker, that are worth the same whatever a worker's speed.
 *
 * Deterministic for the same contributions; but who computed what decides the result, unlike with plain sums.
 */
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
