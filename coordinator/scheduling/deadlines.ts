/**
 * Decides how long the coordinator waits, and for what. Pure functions of times that the caller supplies,
 * returning the reason with the decision.
 *
 * Three limits: past `expectedMs`, which the worker's own history sets, or past `patienceMs`, which that of the worker that is
 * idle sets, a lease is late, and others may be asked for the same (speculation.ts); past `leaseExpired` its worker is
 * sent away.
 */
import { median } from '../../shared/numerics/median.js';
import type { LeastTimes } from './least-times.js';
import type { Turnaround } from './turnaround.js';
import type { Worker } from './worker.js';

/** A lease is late past the median of what its worker's history promises, and this many deviations... */
const DEVIATIONS = 5;
/** ...where a deviation is the median absolute one, scaled to the standard deviation of a normal law. */
const MAD_TO_SIGMA = 1.4826;
/** The margin above the median is at least this: timers and schedulers are no more exact. */
const MARGIN_FLOOR_MS = 20;
/** ...and at least this part of the median: asking twice has its price. */
const MARGIN_FLOOR_PART = 0.5;
/** ...and at most this: even with a wild history, no step waits longer beyond the median. */
const MARGIN_CEILING_MS = 30_000;
/** So many leases make a history; a worker with fewer is judged by what all workers did... */
const HISTORY = 3;
/** ...with this much more patience. */
const PATIENCE_WITH_NEWCOMERS = 2;

/**
 * Milliseconds that a lease of `samples` samples may take before it is late; undefined while no worker has
 * a history to judge by.
 */
export function expectedMs(
  samples: number,
  own: readonly Turnaround[],
  all: readonly Turnaround[],
): number | undefined {
  if (own.length >= HISTORY) return remembered(samples, own);
  return all.length >= HISTORY ? PATIENCE_WITH_NEWCOMERS * remembered(samples, all) : undefined;
}

/** Sums are rounded. */
const ROUNDED = 1 - 1e-9;

/**
 * What `expectedMs` is not below.
 * @param own the worker's history
 * @param least of it
 */
export function expectedAtLeastMs(samples: number, own: readonly Turnaround[], least: LeastTimes): number {
  if (own.length < HISTORY) return Number.NEGATIVE_INFINITY;
  const ms = least.besideMs + samples * least.sampleMs;
  return ROUNDED * (ms + Math.min(Math.max(0, MARGIN_FLOOR_PART * ms), MARGIN_CEILING_MS));
}

/** The latest answer for each history: it is asked for again and again, until its worker has delivered once more. */
const answers = new WeakMap<readonly Turnaround[], { latest: unknown; samples: number; ms: number }>();

function remembered(samples: number, history: readonly Turnaround[]): number {
  const latest = history.at(-1);
  const before = answers.get(history);
  if (before?.latest === latest && before?.samples === samples) return before.ms;
  const ms = deadline(samples, history);
  answers.set(history, { latest, samples, ms });
  return ms;
}

/** A worker that progresses each time just before its deadline is still late when it has taken so long in all. */
export const inAll = (allowedMs: number): number => 2 * allowedMs;

/** An idle worker lets others go on for so many times what it would take itself... */
const PATIENCE_OF_THE_IDLE = 2;
/** ...and so long at least: steps of milliseconds have hiccups... */
const PATIENCE_FLOOR_MS = 250;
/** ...or so long where it is not known what it would take. */
const PATIENCE_OF_STRANGERS_MS = 5_000;

/**
 * Milliseconds after which an idle worker is asked for a lease of `samples` samples that a step waits for, whatever the
 * history of its holder says.
 */
export function patienceMs(
  samples: number,
  { speed, overheadMs }: Pick<Worker, 'speed' | 'overheadMs'>,
): number {
  if (speed === undefined || overheadMs === undefined) return PATIENCE_OF_STRANGERS_MS;
  return Math.max(PATIENCE_OF_THE_IDLE * (overheadMs + (samples / speed) * 1000), PATIENCE_FLOOR_MS);
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
/** ...but never less than this, which also covers a newcomer's first compilation and downloads... */
const LEASE_FLOOR_MS = 60_000;
/** ...and never more than this; a trusted worker, whose leases may really take longer, never more... */
const LEASE_CEILING_MS = 600_000;
/** ...than so many times what its speed promises. */
const PATIENCE_WITH_THE_SLOW = 3;

export interface LeaseTimes {
  since: number;
  samples: number;
  /** Samples a second, if measured. */
  speed: number | undefined;
  /** Whether the speed is that of a trusted worker. */
  isTrusted: boolean;
  /** Whether it is of a round, whose many updates may take minutes; default: no. */
  isRound?: boolean;
}

/**
 * What is to be expected of a worker: of a volunteer no less than what half of the others do.
 * @param speeds of all workers, in ascending order, its own among them
 */
export function promised(
  { role, speed }: Pick<Worker, 'role' | 'speed'>,
  speeds: () => readonly number[],
): Pick<LeaseTimes, 'speed' | 'isTrusted'> {
  if (role !== 'volunteer') return { speed, isTrusted: true };
  if (speed === undefined || speeds().length < 2) return { speed, isTrusted: false };
  return { speed: Math.max(speed, medianWithout(speeds(), speed)), isTrusted: false };
}

/** Those that are known, in ascending order. */
export const sortedSpeeds = (workers: Iterable<Pick<Worker, 'speed'>>): number[] =>
  [...workers].flatMap(({ speed }) => speed ?? []).sort((a, b) => a - b);

/** @param sorted holds `value` */
function medianWithout(sorted: readonly number[], value: number): number {
  const at = sorted.indexOf(value);
  const other = (rank: number) => sorted[rank < at ? rank : rank + 1]!;
  const [count, middle] = [sorted.length - 1, (sorted.length - 1) >> 1];
  return count % 2 === 1 ? other(middle) : (other(middle - 1) + other(middle)) / 2;
}

/** Whether no lease made at `since` can have expired yet, of any size. */
export const isFresh = (now: number, since: number): boolean => now - since <= LEASE_FLOOR_MS;

/** Why the lease has run out, or undefined while it has not. */
export function leaseExpired(now: number, lease: LeaseTimes): string | undefined {
  const expected = lease.speed === undefined ? 0 : (lease.samples / lease.speed) * 1000;
  const ceiling = Math.max(LEASE_CEILING_MS, lease.isTrusted ? PATIENCE_WITH_THE_SLOW * expected : 0);
  const unmeasured = lease.isRound && lease.speed === undefined ? LEASE_CEILING_MS : 0;
  const allowed = Math.max(LEASE_FLOOR_MS, unmeasured, Math.min(PATIENCE * expected, ceiling));
  const age = now - lease.since;
  if (age <= allowed) return undefined;
  return `no contribution ${Math.round(age / 1000)} s after its lease (allowed: ${Math.round(allowed / 1000)} s)`;
}

/** A worker that has joined is given so long to start an engine, and again to take the weights... */
const LOADING_FLOOR_MS = 600_000;
/** ...and twice what its bytes take on a line of 1 Mbit/s... */
const SLOWEST_LINE_BYTES_PER_MS = 125;
const PATIENCE_WITH_LINES = 2;

/** Why a worker that has loaded `bytes` since `since` is not waited for any longer; undefined while it is. */
export function loadsTooLong(now: number, since: number, bytes: number): string | undefined {
  const allowed = LOADING_FLOOR_MS + (PATIENCE_WITH_LINES * bytes) / SLOWEST_LINE_BYTES_PER_MS;
  const age = now - since;
  if (age <= allowed) return undefined;
  return `not ready ${Math.round(age / 1000)} s after it began to load (allowed: ${Math.round(allowed / 1000)} s)`;
}

/** Why the worker counts as dead, or undefined while it lives. */
export function isSilent(now: number, lastHeard: number, deadAfterMs: number): string | undefined {
  const silence = now - lastHeard;
  return silence > deadAfterMs ? `silent for ${(silence / 1000).toFixed(1)} s` : undefined;
}
