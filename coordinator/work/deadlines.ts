/**
 * How long the coordinator waits, and for what. Pure functions of times that the caller supplies,
 * returning the reason with the decision. Deadlines that adapt to each worker's history have their
 * place here.
 */

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
