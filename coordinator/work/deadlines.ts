/**
 * How long the coordinator waits, and for what. Pure functions of times that the caller supplies,
 * returning the reason with the decision.
 *
 * Two limits: past `expectedMs` a lease is late, and others may be asked for the same (speculation.ts);
 * past `leaseExpired` its worker is sent away.
 */
import { median } from './median.js';
import type { Turnaround } from './members.js';

/** A lease is late past the median of what its worker's history promises, and this many deviations... */
const DEVIATIONS = 5;
/** ...where a deviation is the median absolute one, scaled to the standard deviation of a normal law. */
const MAD_TO_SIGMA = 1.4826;
/** The margin above the median is at least this: timers and schedulers are no more exact. */
const MARGIN_FLOOR_MS = 20;
/** ...and at least this part of the median: asking twice has its price. */
const MARGIN_FLOOR_PART = 0.5;
/** ...and at most this: however wild the history, nobody waits longer beyond the median. */
const MARGIN_CEILING_MS = 30_000;
/** So many leases make a history; a worker with fewer is judged by what all workers did... */
const HISTORY = 3;
/** ...with this much more patience. */
const PATIENCE_WITH_NEWCOMERS = 2;

/**
 * Milliseconds that a lease of `samples` samples may take before it is late; undefined while nobody has
 * a history to judge by.
 */
export function expectedMs(
  samples: number,
  own: readonly Turnaround[],
  all: readonly Turnaround[],
): number | undefined {
  if (own.length >= HISTORY) return deadline(samples, own);
  return all.length >= HISTORY ? PATIENCE_WITH_NEWCOMERS * deadline(samples, all) : undefined;
}

/** Median + deviations of what each lease of the past would have taken with so many samples. */
function deadline(samples: number, history: readonly Turnaround[]): number {
  const times = history.map(
    (past) => past.turnaroundMs + past.computeMs * (samples / Math.max(past.samples, 1) - 1),
  );
  const middle = median(times);
  const deviation = MAD_TO_SIGMA * median(times.map((time) => Math.abs(time - middle)));
  const floor = Math.max(MARGIN_FLOOR_MS, MARGIN_FLOOR_PART * middle);
  return middle + Math.min(Math.max(DEVIATIONS * deviation, floor), MARGIN_CEILING_MS);
}

/** A lease gets this many times what the worker's measured speed promises... */
const PATIENCE = 20;
/** ...but never less than this, which also covers a newcomer's first compilation and downloads. */
const LEASE_FLOOR_MS = 60_000;

export interface LeaseTimes {
  since: number;
  samples: number;
  /** Samples a second, if measured. */
  speed: number | undefined;
}

/** Why the lease has run out, or undefined while it has not. */
export function leaseExpired(now: number, lease: LeaseTimes): string | undefined {
  const expected = lease.speed === undefined ? 0 : (lease.samples / lease.speed) * 1000;
  const allowed = Math.max(LEASE_FLOOR_MS, PATIENCE * expected);
  const age = now - lease.since;
  if (age <= allowed) return undefined;
  return `no contribution ${Math.round(age / 1000)} s after its lease (allowed: ${Math.round(allowed / 1000)} s)`;
}

/** Why the worker counts as dead, or undefined while it lives. */
export function isSilent(now: number, lastHeard: number, deadAfterMs: number): string | undefined {
  const silence = now - lastHeard;
  return silence > deadAfterMs ? `silent for ${(silence / 1000).toFixed(1)} s` : undefined;
}
