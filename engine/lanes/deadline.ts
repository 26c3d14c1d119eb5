/** How long an engine may take before it is believed to hang: many times what it took before, by samples. */
import { median } from '../../shared/numerics/median.js';

/** A deadline is this many times what the work should take, but never shorter than `SHORTEST_DEADLINE_MS`. */
const FACTOR = 20;
/** Also that of calls that compute nothing. */
export const SHORTEST_DEADLINE_MS = 30_000;
/** The deadline until one call has been timed: shaders may be compiled and large programs loaded first. */
export const FIRST_DEADLINE_MS = 180_000;
/** The same in rounds, where one call makes many updates: longer than the coordinator waits. */
export const LONGEST_REPLICA_MS = 900_000;
const TIMES_KEPT = 15;

export class Deadline {
  /** Milliseconds a sample, of the latest calls. */
  private readonly times: number[] = [];

  /** @param firstMs the deadline until one call has been timed */
  constructor(private readonly firstMs: number = FIRST_DEADLINE_MS) {}

  took(ms: number, samples: number): void {
    this.times.push(ms / Math.max(1, samples));
    if (this.times.length > TIMES_KEPT) this.times.shift();
  }

  /** Milliseconds that a call on so many samples may take. */
  of(samples: number): number {
    if (this.times.length === 0) return this.firstMs;
    return Math.max(SHORTEST_DEADLINE_MS, FACTOR * median(this.times) * samples);
  }
}
