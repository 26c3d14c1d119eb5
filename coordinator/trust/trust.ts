/**
 * Whom the run believes, and what it does to find out: over the whole run, where `judge.ts` is for one step.
 * Trusted workers (`worker`) are believed but for what cannot be (shape, count, finiteness); volunteers are not.
 */
import { randomBytes } from 'node:crypto';
import type { RobustName, VOLUNTEERS } from '../../shared/options.js';
import type { WorkerKind } from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/roles.js';
import type { RunEvent } from '../../shared/status.js';
import { isDrawn } from './audit-draw.js';
import { type Ban, Conduct, type TrustRecord } from './conduct.js';
import { NormBound } from './norm-bound.js';
import type { OwnEngine } from './own-engine.js';

/** Who is a volunteer, of those without a token. */
export type VolunteerPolicy = (typeof VOLUNTEERS)[number];

export interface TrustOptions {
  volunteers: VolunteerPolicy;
  /** Least share of a volunteer's contributions that are recomputed; 0: none are. */
  auditRate: number;
  /** Nobody is trusted: a rule that compares all workers takes the place of audits and of the norm bound. */
  robust?: RobustName;
  /** Recomputes where no trusted worker can; undefined: only trusted workers do. */
  ownEngine?: OwnEngine | undefined;
  /** Decides who is audited when; drawn anew by default. Tests give theirs. */
  secret?: Uint8Array;
  tell(event: RunEvent): void;
}

export class Trust {
  readonly conduct = new Conduct();
  readonly norms = new NormBound();
  /** Is told of what must last. */
  onRecord: (record: TrustRecord) => void = () => undefined;
  private readonly secret: Uint8Array;

  constructor(private readonly options: TrustOptions) {
    this.secret = options.secret ?? randomBytes(32);
  }

  get audits(): boolean {
    return this.options.auditRate > 0;
  }

  get isRobust(): boolean {
    return (this.options.robust ?? 'none') !== 'none';
  }

  get ownEngine(): OwnEngine | undefined {
    return this.options.ownEngine;
  }

  /** As what somebody takes part whose token says `role`; undefined: who has none. */
  roleOf(role: WorkerRole | undefined, kind: WorkerKind): WorkerRole {
    const { volunteers } = this.options;
    if (this.isRobust) return 'volunteer';
    if (role) return role;
    return volunteers === 'all' || (volunteers === 'tabs' && kind === 'browser') ? 'volunteer' : 'worker';
  }

  /** Whether all that `identity` contributes to `step` is to be recomputed. */
  isAudited(identity: string, step: number): boolean {
    return isDrawn(this.secret, identity, step, this.conduct.streak(identity), this.options.auditRate);
  }

  /** Nothing of this identity is taken any more. */
  ban(ban: Ban): void {
    this.conduct.ban(ban);
    this.options.tell({
      type: 'banned',
      worker: ban.name,
      text: `step ${ban.step}: ${ban.name} is banned: ${ban.why}`,
    });
    this.onRecord(this.conduct.record());
  }
}

/** Believes everybody: for a core without volunteers. */
export const trustAll = (): Trust => new Trust({ volunteers: 'none', auditRate: 0, tell: () => undefined });
