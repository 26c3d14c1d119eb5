/**
 * Robust aggregation (`--robust`): rules that make one gradient of those of all workers, some of which may lie. Each works
 * on whole mean gradients, one a worker, that have the same weight at any speed of the worker.
 *
 * Deterministic for the same contributions; but who computed what decides the result, unlike with plain sums.
 */
/** The mean gradient of one worker's samples of a step: a flat vector, that the rule may change. */
export interface WorkerGradient {
  /** What lasts over steps and connections. */
  identity: string;
  gradient: Float32Array;
}

/** What one worker has computed of a step: sums over its samples. */
export interface WorkerSum extends WorkerGradient {
  samples: number;
  loss: number;
  metric: number;
}

export interface RobustRule {
  /** Workers in the order of their identities. @returns the gradient to update with: a vector of its own */
  aggregate(workers: readonly WorkerGradient[]): Float32Array;
}
