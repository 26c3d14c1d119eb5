/**
 * How each volunteer has behaved, by identity (identity.ts). Lasts over connections.
 * Bans also last over restarts (RUN_DIR/trust.json); a streak does not: after a restart everyone is audited as
 * a newcomer again.
 */

/** So many refusals for the size of contributions, none of which another worker confirmed, are a ban. */
const MOST_STRIKES = 3;
/** Identities that are remembered beside those that are banned: strangers must not fill the memory. */
const MOST_KNOWN = 10_000;
/** ...and bans. */
const MOST_BANS = 10_000;

export interface Ban {
  identity: string;
  /** By which people knew the worker. */
  name: string;
  /** The step, from 1, in which it happened. */
  step: number;
  why: string;
}

/** Counts of audits, over all starts of the run. */
export interface AuditCounts {
  made: number;
  passed: number;
  /** Across engine classes: neither near nor far. Not counted, and no ban yet. */
  doubtful: number;
  failed: number;
  /** Contributions that were larger than the norm bound allows, and were refused. */
  overNorm: number;
}

/** What `summary.json` and RUN_DIR/trust.json hold. */
export interface TrustRecord extends AuditCounts {
  banned: Ban[];
}

interface Known {
  /** Audits passed in a row. */
  streak: number;
  isDoubted: boolean;
  strikes: number;
}

export class Conduct {
  private readonly known = new Map<string, Known>();
  private readonly bans = new Map<string, Ban>();
  readonly counts: AuditCounts = { made: 0, passed: 0, doubtful: 0, failed: 0, overNorm: 0 };

  streak(identity: string): number {
    return this.known.get(identity)?.streak ?? 0;
  }

  banOf(identity: string): Ban | undefined {
    return this.bans.get(identity);
  }

  passed(identity: string): void {
    const known = this.of(identity);
    this.counts.made++;
    this.counts.passed++;
    known.streak++;
    known.isDoubted = false;
  }

  /** @returns whether it was the second time in a row */
  doubted(identity: string): boolean {
    const known = this.of(identity);
    this.counts.made++;
    this.counts.doubtful++;
    known.streak = 0;
    const again = known.isDoubted;
    known.isDoubted = true;
    return again;
  }

  failed(): void {
    this.counts.made++;
    this.counts.failed++;
  }

  /** A contribution was too large. @returns whether that is once too often */
  strike(identity: string): boolean {
    this.counts.overNorm++;
    return ++this.of(identity).strikes >= MOST_STRIKES;
  }

  /** Another worker has confirmed what the identity got a strike for. */
  absolve(identity: string): void {
    const known = this.of(identity);
    known.strikes = Math.max(0, known.strikes - 1);
  }

  ban(ban: Ban): void {
    this.bans.set(ban.identity, ban);
    this.known.delete(ban.identity);
    if (this.bans.size > MOST_BANS) this.bans.delete(this.bans.keys().next().value!);
  }

  record(): TrustRecord {
    return { ...this.counts, banned: [...this.bans.values()] };
  }

  restore({ banned, ...counts }: TrustRecord): void {
    Object.assign(this.counts, counts);
    for (const ban of banned) this.bans.set(ban.identity, ban);
  }

  private of(identity: string): Known {
    let known = this.known.get(identity);
    if (!known) {
      known = { streak: 0, isDoubted: false, strikes: 0 };
      this.known.set(identity, known);
      // The oldest is forgotten: it is a newcomer when it comes back.
      if (this.known.size > MOST_KNOWN) this.known.delete(this.known.keys().next().value!);
    }
    return known;
  }
}
