/** The time, from outside: tests supply their own. Milliseconds that never go back. */
export interface Clock {
  now(): number;
}

export const monotonicClock: Clock = { now: () => performance.now() };

/** Longer gaps than this between two readings are no time that has passed for this process. */
const LONGEST_GAP_MS = 100;

/**
 * The time that this process was awake, by a clock that may jump. A machine that was suspended, a process
 * that was stopped, and clocks that are put forward or back make no time: else all workers would look
 * silent, and all leases late, for what could not have been heard. Read it every few milliseconds.
 */
export function awakeClock(clock: Clock): Clock {
  let read = clock.now();
  let time = read;
  return {
    now() {
      const before = read;
      read = clock.now();
      time += Math.min(Math.max(read - before, 0), LONGEST_GAP_MS);
      return time;
    },
  };
}
