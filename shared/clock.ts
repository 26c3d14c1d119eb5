/** The time, from outside: tests supply their own. Milliseconds that never go back. */
export interface Clock {
  now(): number;
}

export const monotonicClock: Clock = { now: () => performance.now() };
