/** How much of the time a tab computes: its owner decides, and it rests for the remainder. */

/**
 * How long to rest before computing again, in milliseconds, so that computing takes at most `dutyCycle` of
 * the time: after `busyMs` of computing, and `idleMs` of waiting that count as rest already.
 */
export function restOf(busyMs: number, idleMs: number, dutyCycle: number): number {
  if (dutyCycle >= 1) return 0;
  const owed = (busyMs * (1 - dutyCycle)) / Math.max(dutyCycle, SMALLEST_DUTY_CYCLE);
  return Math.max(0, Math.min(owed, LONGEST_REST_MS) - idleMs);
}

export const SMALLEST_DUTY_CYCLE = 0.1;
/** Others wait for what this tab holds: longer rests would keep the whole run waiting. */
const LONGEST_REST_MS = 10_000;

export interface DutyCycleOptions {
  now(): number;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** Share of the time in which the device may compute. */
  dutyCycle(): number;
  /** Hears when something begins to be computed, 1, and when that has ended, -1. */
  busy?(change: 1 | -1): void;
}

/** The rests of one compute worker. */
export class DutyCycle {
  /** How long it computed last. */
  busyMs = 0;
  private endedAt = 0;

  constructor(private readonly options: DutyCycleOptions) {}

  /** Computes, after the rest that is due. */
  async compute<T>(work: () => Promise<T>): Promise<T> {
    const { now, wait, dutyCycle, busy } = this.options;
    busy?.(1);
    try {
      const rest = restOf(this.busyMs, now() - this.endedAt, dutyCycle());
      if (rest > 0) await wait(rest);
      const startedAt = now();
      const result = await work();
      this.endedAt = now();
      this.busyMs = this.endedAt - startedAt;
      return result;
    } finally {
      busy?.(-1);
    }
  }
}
