/**
 * The least that any of a worker's latest leases took: no expectation that is made of them is below that. So one look at
 * two numbers tells of nearly every lease that it is not late, and few histories are looked through.
 */
import type { Turnaround } from './turnaround.js';

const msOfSample = ({ samples, computeMs }: Turnaround): number => computeMs / Math.max(samples, 1);
const msBeside = ({ computeMs, turnaroundMs }: Turnaround): number => turnaroundMs - computeMs;

export class LeastTimes {
  /** Milliseconds beside computing. */
  besideMs = Number.POSITIVE_INFINITY;
  /** Milliseconds of computing a sample. */
  sampleMs = Number.POSITIVE_INFINITY;

  /**
   * @param recent the latest leases, with the newest
   * @param gone the one that is none of them any more
   */
  changed(recent: readonly Turnaround[], gone: Turnaround | undefined): void {
    const wasLeast = gone && (msBeside(gone) <= this.besideMs || msOfSample(gone) <= this.sampleMs);
    if (wasLeast) [this.besideMs, this.sampleMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let at = wasLeast ? 0 : recent.length - 1; at < recent.length; at++) {
      this.besideMs = Math.min(this.besideMs, msBeside(recent[at]!));
      this.sampleMs = Math.min(this.sampleMs, msOfSample(recent[at]!));
    }
  }
}
