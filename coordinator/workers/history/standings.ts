/**
 * What is remembered of a worker when its connection is gone, by identity: a worker that let others wait
 * does not begin anew by coming back.
 */
import type { Worker } from '../../scheduling/worker.js';

/** So many leases that ran out are followed by a rest... */
const MOST_EXPIRED = 3;
/** ...in which it is given nothing. */
const REST_MS = 600_000;
/** Identities that are remembered: strangers must not fill the memory. */
const MOST_KNOWN = 10_000;
/** Less doubt than this is not worth remembering. */
const LEAST_DOUBT = 0.5;

interface Standing {
  doubt: number;
  /** Leases that ran out since the last rest, if there was any. */
  expired: number;
  restsUntil: number;
}

export class Standings {
  private readonly known = new Map<string, Standing>();
  /** When the last rest is over. */
  private restsUntil = Number.NEGATIVE_INFINITY;

  doubtOf(identity: string): number {
    return this.known.get(identity)?.doubt ?? 0;
  }

  /** @param now of the clock by which leases run out */
  isResting(identity: string, now: number): boolean {
    return (this.known.get(identity)?.restsUntil ?? now) > now;
  }

  isAnyResting(now: number): boolean {
    return this.restsUntil > now;
  }

  /** A lease has run out: its worker is about to be sent away. */
  expired(identity: string, now: number): void {
    const before = this.known.get(identity);
    const expired = (before?.expired ?? 0) + 1;
    const rests = expired >= MOST_EXPIRED;
    if (rests) this.restsUntil = now + REST_MS;
    this.keep(identity, {
      doubt: before?.doubt ?? 0,
      expired: rests ? 0 : expired,
      restsUntil: rests ? now + REST_MS : (before?.restsUntil ?? now),
    });
  }

  /** Its connection is gone. What it was computing is one more thing that others had to wait for. */
  left(identity: string, { doubt, state }: Pick<Worker, 'doubt' | 'state'>): void {
    const before = this.known.get(identity);
    const now = doubt + (state === 'computing' ? 1 : 0);
    if (now < LEAST_DOUBT && !before) return;
    this.keep(identity, { expired: 0, restsUntil: Number.NEGATIVE_INFINITY, ...before, doubt: now });
  }

  private keep(identity: string, standing: Standing): void {
    this.known.delete(identity);
    this.known.set(identity, standing);
    for (const [oldest] of this.known) {
      if (this.known.size <= MOST_KNOWN) break;
      this.known.delete(oldest);
    }
  }
}
