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
