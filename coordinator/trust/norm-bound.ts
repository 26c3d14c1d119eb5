/**
 * How large a contribution may be: an honest one is not many times larger than those of the same step and of
 * the steps before. Catches what is scaled up; not what is turned around, which has an honest size.
 *
 * Contributions of n samples, out of a batch of B, are compared by |sum| / sqrt(n * B). Of a whole step that is
 * the norm of its mean gradient. The mean over n samples is a signal plus noise that falls with sqrt(n), so an
 * honest part of the step has at most about the step's own value, whatever its n.
 *
 * The bound is `FACTOR` times the larger of two medians: of the latest steps, and of this step's contributions
 * if three workers have made some. The first keeps one honest outlier, or a few liars, from moving it; the
 * second lets it rise where the gradients of a whole step do.
 */
import { median } from '../work/median.js';

const FACTOR = 10;
/** Steps that are remembered. */
const HISTORY = 32;
/** Fewer workers than this do not make a measure. */
const QUORUM = 3;

/** One contribution of the step in hand. */
export interface Measured {
  identity: string;
  size: number;
}

export const sizeOf = (norm: number, samples: number, batch: number): number =>
  norm / Math.sqrt(samples * batch);

export class NormBound {
  private readonly steps: number[] = [];

  /** A step has ended with a mean gradient of this norm. */
  stepped(norm: number): void {
    this.steps.push(norm);
    if (this.steps.length > HISTORY) this.steps.shift();
  }

  /** Whether there is anything to measure by but the step itself. */
  get hasHistory(): boolean {
    return this.steps.length > 0;
  }

  /** The largest size that is allowed; infinite while there is nothing to measure by. */
  limit(step: readonly Measured[]): number {
    const medians: number[] = [];
    if (this.hasHistory) medians.push(median(this.steps));
    if (new Set(step.map(({ identity }) => identity)).size >= QUORUM) {
      medians.push(median(step.map(({ size }) => size)));
    }
    const largest = Math.max(...medians);
    // Gradients that were all 0 say nothing of those to come.
    return medians.length > 0 && largest > 0 ? FACTOR * largest : Number.POSITIVE_INFINITY;
  }
}
