/** The mean gradient of a step under `--robust`. */
import type { Layout } from '../../../shared/numerics/layout.js';
import { median } from './coordinates.js';
import type { RobustRule, WorkerSum } from './rule.js';

/**
 * @param sums in the order of their identities; they are divided in place
 * @returns the flat mean gradient, with the changes of what gradients do not train behind it
 */
export function aggregate(
  sums: readonly WorkerSum[],
  rule: RobustRule,
  { total, trainable }: Pick<Layout, 'total' | 'trainable'>,
): Float32Array {
  for (const { gradient, samples } of sums) for (let i = 0; i < total; i++) gradient[i]! /= samples;
  const part = (from: number, to: number) =>
    sums.map(({ identity, gradient }) => ({ identity, gradient: gradient.slice(from, to) }));
  const mean = new Float32Array(total);
  mean.set(rule.aggregate(part(0, trainable)));
  // Statistics of batch normalization are no gradients: each worker's are a guess at the same numbers.
  if (trainable < total) {
    mean.set(median(part(trainable, total).map(({ gradient }) => gradient)), trainable);
  }
  return mean;
}
