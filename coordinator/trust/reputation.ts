/**
 * Records how each volunteer has behaved, by identity, across connections.
 * Bans also last over restarts (RUN_DIR/trust.json); a streak does not: after a restart everyone is audited as
 * a newcomer again.
 */

import { NEWCOMER_NODES } from './audit-sampling.js';

/** So many refusals for NaN, or for a size that no other worker confirmed, are a ban. */
const MOST_STRIKES = 3;
/** So many doubtful audits... */
const MOST_DOUBTS = 3;
/** ...among the latest of this number are a ban, however many pass in between. */
const DOUBT_AUDITS = 50;
/** A newcomer is audited twice as long for each ban and doubt of its kin, up to so many of them. */
const MOST_MARKS = 7;
/** Identities that are remembered beside those that are banned: strangers must not fill the memory. */
const MOST_KNOWN = 10_000;
/** ...and bans. */
const MOST_BANS = 10_000;

/** An identity that may not join any more, and why. */
export interface Ban {
  identity: string;
  /** The worker's last name. */
  name: string;
  /** The step, from 1, in which it happened. */
  step: number;
  why: string;
}

/** Counts of audits, over all starts of the run. */
export interface AuditCounts {
  made: number;
  passed: number;
  /** Across engine classes: neither near nor far, and no ban yet. */
  doubtful: number;
  failed: number;
  /** Contributions that were larger than the norm bound allows, and were refused. */
  overNorm: number;
  /** ...or held NaN where another worker computed numbers. */
  notFinite: number;
  /** Audits whose recomputation, which counts, had other bits than the volunteer sent. */
  replaced: number;
  /** Contributions of volunteers that counted without having been recomputed. */
  unseen: number;
}

/** What `summary.json` and RUN_DIR/trust.json hold. */
export interface TrustRecord extends AuditCounts {
  banned: Ban[];
}

/** What others may share with an identity (server/network/identity.ts): its token, and its network. */
function kinOf(identity: string): string[] {
  const at = identity.lastIndexOf('@') + 1;
  return at === 0 ? [identity] : [identity.slice(0, at), identity.slice(at)];
}

interface Known {
  /** Audits passed in a row; it begins below 0 where there is reason to doubt its kin. */
  streak: number;
  audits: number;
  /** Which of them were doubtful. */
  doubts: number[];
  strikes: number;
}

export class Reputation {
  private readonly known = new Map<string, Known>();
  private readonly bans = new Map<string, Ban>();
  /** Bans and doubts by token, and by network. */
  private readonly marks = new Map<string, number>();
  readonly counts: AuditCounts = {
    ...{ made: 0, passed: 0, doubtful: 0, failed: 0 },
    ...{ overNorm: 0, notFinite: 0, replaced: 0, unseen: 0 },
  };

  streak(identity: string): number {
    return this.known.get(identity)?.streak ?? this.beginning(identity);
  }

  banOf(identity: string): Ban | undefined {
    return this.bans.get(identity);
  }

  /** Counts a finished audit. @returns the number of audits of this identity, with this one */
  audited(identity: string): number {
    this.counts.made++;
    return ++this.of(identity).audits;
  }

  passed(identity: string): void {
    this.counts.passed++;
    this.of(identity).streak++;
  }

  /** Audits all of its work from now on, as for a newcomer. */
  suspect(identity: string): void {
    this.of(identity).streak = this.beginning(identity);
  }

  /** Records a doubtful audit. @returns whether there are now too many */
  doubted(identity: string): boolean {
    const known = this.of(identity);
    this.counts.doubtful++;
    this.mark(identity);
    known.streak = this.beginning(identity);
    known.doubts = [...known.doubts.filter((at) => at > known.audits - DOUBT_AUDITS), known.audits];
    return known.doubts.length >= MOST_DOUBTS;
  }

  replaced(): void {
    this.counts.replaced++;
  }

  /** @returns whether it is the first of the run */
  unseen(): boolean {
    return this.counts.unseen++ === 0;
  }

  failed(): void {
    this.counts.failed++;
  }

  /** Records a refused contribution. @returns whether there are now too many */
  strike(identity: string, why: 'overNorm' | 'notFinite'): boolean {
    this.counts[why]++;
    return ++this.of(identity).strikes >= MOST_STRIKES;
  }

  /** Another worker has confirmed what the identity got a strike for. */
  clearStrike(identity: string): void {
    const known = this.of(identity);
    known.strikes = Math.max(0, known.strikes - 1);
  }

  ban(ban: Ban): void {
    this.bans.set(ban.identity, ban);
    this.mark(ban.identity);
    this.known.delete(ban.identity);
    if (this.bans.size > MOST_BANS) this.bans.delete(this.bans.keys().next().value!);
  }

  record(): TrustRecord {
    return { ...this.counts, banned: [...this.bans.values()] };
  }

  restore({ banned, ...counts }: TrustRecord): void {
    Object.assign(this.counts, counts);
    for (const ban of banned) {
      this.bans.set(ban.identity, ban);
      this.mark(ban.identity);
    }
  }

  private mark(identity: string): void {
    for (const kin of kinOf(identity)) {
      const marks = (this.marks.get(kin) ?? 0) + 1;
      this.marks.delete(kin);
      this.marks.set(kin, marks);
    }
    for (const [oldest] of this.marks) {
      if (this.marks.size <= MOST_KNOWN) break;
      this.marks.delete(oldest);
    }
  }

  /**
   * Where the streak of a newcomer begins. A liar may come back from another address with the same token, or with
   * another token from the same network. Its doubts and bans do not follow it there, since others have both too; but
   * each makes whoever is new there pass twice as many audits first. That costs the honest nothing but their audits.
   */
  private beginning(identity: string): number {
    const marks = Math.max(...kinOf(identity).map((kin) => this.marks.get(kin) ?? 0));
    return NEWCOMER_NODES * (1 - 2 ** Math.min(marks, MOST_MARKS));
  }

  private of(identity: string): Known {
    let known = this.known.get(identity);
    if (!known) {
      known = { streak: this.beginning(identity), audits: 0, doubts: [], strikes: 0 };
      this.known.set(identity, known);
      // The oldest is forgotten: it is a newcomer when it comes back.
      if (this.known.size > MOST_KNOWN) this.known.delete(this.known.keys().next().value!);
    }
    return known;
  }
}
