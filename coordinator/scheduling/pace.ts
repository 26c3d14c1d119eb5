/**
 * Decides how often something is done that goes over all workers: less often, the more there are, so that it takes the
 * same part of a processor however many they are.
 */

export interface PaceOptions {
  /** Up to so many workers it is done whenever it is asked for. */
  always: number;
  /** Of more there is a pause of so many milliseconds for each beyond... */
  msOfOne: number;
  /** ...but none longer than this. */
  longestMs?: number;
}

export class Pace {
  private doneAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PaceOptions) {}

  /** @returns whether it is to be done now, for so many workers; it then counts as done */
  isDue(now: number, workers: number): boolean {
    const { always, msOfOne, longestMs = Number.POSITIVE_INFINITY } = this.options;
    const pauseMs = Math.min(msOfOne * (workers - always), longestMs);
    if (pauseMs > 0 && now - this.doneAt < pauseMs) return false;
    this.doneAt = now;
    return true;
  }
}
