/**
 * Bounds the size of a contribution: an honest one is not many times larger than those of the same step and of
 * the steps before. It catches scaled gradients, but not reversed ones, which have an honest size.
 *
 * Contributions of n samples, out of a batch of B, are compared by |sum| / sqrt(n * B). Of a whole step that is
 * the norm of its mean gradient. The mean over n samples is a signal plus noise that falls with sqrt(n), so an
 * honest part of the step has at most about the step's own value, for every n.
 *
 * The bound is `FACTOR` times the larger of two medians: of the latest steps, and of this step's contributions
 * if three workers have made some. The first keeps one honest outlier, or a few liars, from moving it; the
 * second lets it rise where the gradients of a whole step do.
 */
import { median } from '../../shared/numerics/median.js';

const FACTOR = 10;
/** Steps that are remembered. */
const HISTORY = 32;
/** Fewer workers than this do not make a measure. */
const QUORUM = 3;

/** One contribution of the step in hand. */
export interface SizedContribution {
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

  /** Norm of a mean gradient, as usual; 0 while there is nothing to measure by. */
  get usual(): number {
    return this.hasHistory ? median(this.steps) : 0;
  }

  /**
   * The limit for a contribution of this size. Nearly all are allowed by the steps before: those of this step, which may be
   * thousands, only raise the limit, and are asked for where that decides.
   */
  limitFor(size: number, step: () => readonly SizedContribution[]): number {
    const usual = FACTOR * this.usual;
    return usual > 0 && size <= usual ? usual : this.limit(step());
  }

  /** The largest size that is allowed; infinite while there is nothing to measure by. */
  limit(step: readonly SizedContribution[]): number {
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
