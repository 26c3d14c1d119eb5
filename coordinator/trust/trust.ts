/**
 * Which workers the run believes, and what it does to find out: over the whole run, where `step/vetting/` is for one step.
 * Trusted workers (`worker`) are believed but for what cannot be (shape, count, finiteness); volunteers are not.
 */
import { randomBytes } from 'node:crypto';
import { engineOf } from '../../shared/engines/engines.js';
import type { WorkerKind } from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';
import { type RunEvent, told } from '../../shared/status/events.js';
import type { Worker } from '../scheduling/worker.js';
import type { RobustName } from '../update/robust/create.js';
import type { Admission } from '../workers/admission.js';
import { StepDraws } from './audit-sampling.js';
import type { Finding } from './compare.js';
import { demandOf, refusalOf } from './engine-demand.js';
import { NormBound } from './norm-bound.js';
import type { OwnEngine } from './own-engine.js';
import { PushWatch } from './push-watch.js';
import { type Ban, Reputation, type TrustRecord } from './reputation.js';

export const VOLUNTEERS = ['none', 'tabs', 'all'] as const;

/** Who is a volunteer, of those without a token. */
export type VolunteerPolicy = (typeof VOLUNTEERS)[number];

export interface TrustOptions {
  volunteers: VolunteerPolicy;
  /** Least share of a volunteer's contributions that are recomputed; 0: none are. */
  auditRate: number;
  /** No worker is trusted: a rule that compares all workers replaces audits and the norm bound. */
  robust?: RobustName;
  /** Recomputes where no trusted worker can; undefined: only trusted workers do. */
  ownEngine?: OwnEngine | undefined;
  /** The universal engine class as the coordinator has it; undefined where it cannot compute the model. */
  universalClass?: string | undefined;
  /** Audits compare bits alone: a rounding of one update grows over those that follow it in a round. */
  comparesBits?: boolean;
  /** Decides who is audited when; drawn anew by default. Tests give theirs. */
  secret?: Uint8Array;
  tell(event: RunEvent): void;
  /** Is told of what must last; by default nothing does. */
  record?(record: TrustRecord): void;
}

/** What a step reads of the run's trust, and takes note of in it: state alone. What is told or written are effects. */
export type Beliefs = Pick<
  Trust,
  'audits' | 'isRobust' | 'reputation' | 'norms' | 'drawsOf' | 'conclude' | 'own'
>;

export class Trust implements Admission {
  readonly reputation = new Reputation();
  readonly norms = new NormBound();
  readonly pushes: PushWatch;
  private readonly secret: Uint8Array;

  constructor(private readonly options: TrustOptions) {
    this.secret = options.secret ?? randomBytes(32);
    const seeds = new Uint32Array(Uint8Array.from(this.secret).buffer);
    this.pushes = new PushWatch([...seeds]);
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

  /** The contributor under which the coordinator recomputes, if it can. */
  get own(): Worker | undefined {
    return this.options.ownEngine?.worker;
  }

  /** The role of a worker whose token says `role`; undefined: it has no token. */
  roleOf(role: WorkerRole | undefined, kind: WorkerKind): WorkerRole {
    const { volunteers } = this.options;
    if (this.isRobust) return 'volunteer';
    if (role) return role;
    return volunteers === 'all' || (volunteers === 'tabs' && kind === 'browser') ? 'volunteer' : 'worker';
  }

  banOf(identity: string): Ban | undefined {
    return this.reputation.banOf(identity);
  }

  engineClassFor(role: WorkerRole, wanted: string): string {
    return this.demandOf(role, wanted).engineClass;
  }

  engineRefusal(role: WorkerRole, wanted: string, engineClass: string): string | undefined {
    const demand = this.demandOf(role, wanted);
    const isOther =
      wanted !== 'auto' && wanted !== 'any' && engineOf(wanted) !== engineOf(demand.engineClass);
    if (isOther && demand.engineClass !== 'any')
      return `rounds audit volunteers by the bits of ${engineOf(demand.engineClass)}, and this run demands ${wanted}: only trusted workers can take part`;
    return refusalOf(demand, engineClass);
  }

  /** @param wanted `--engine-class` */
  private demandOf(role: WorkerRole, wanted: string) {
    const { comparesBits = false, universalClass } = this.options;
    return demandOf(wanted, role === 'volunteer' && this.audits, universalClass, comparesBits);
  }

  /** Which volunteers are audited in `step`. */
  drawsOf(step: number): StepDraws {
    const { reputation, options } = this;
    return new StepDraws(this.secret, step, options.auditRate, (identity) => reputation.streak(identity));
  }

  /** Takes note of an audit. @returns why its volunteer is to be banned, if it is */
  conclude(identity: string, { verdict, text, deviation }: Finding): string | undefined {
    const { reputation, pushes } = this;
    // Another of its audits has come to that meanwhile.
    if (reputation.banOf(identity)) return undefined;
    const audits = reputation.audited(identity);
    const isPush = deviation ? pushes.deviates(identity, audits, deviation) : 'no';
    if (verdict === 'wrong' || isPush === 'pushes') {
      reputation.failed();
      return verdict === 'wrong' ? text : `${text}, and always the same way`;
    }
    if (verdict === 'doubtful')
      return reputation.doubted(identity) ? `${text}, not for the first time` : undefined;
    reputation.passed(identity);
    if (isPush === 'perhaps') reputation.suspect(identity);
    return undefined;
  }

  /** A volunteer's contribution counts as it came: the first is written down, as runs end without a word. */
  countUnseen(): void {
    if (this.reputation.unseen()) this.options.record?.(this.reputation.record());
  }

  /** Nothing of this identity is taken any more. */
  ban(ban: Ban): void {
    this.reputation.ban(ban);
    this.pushes.forget(ban.identity);
    const { name: worker, step, why: reason } = ban;
    this.options.tell(told({ type: 'banned', worker, step, reason }));
    this.options.record?.(this.reputation.record());
  }
}

/** Believes everybody: for a core without volunteers. */
export const trustAll = (): Trust => new Trust({ volunteers: 'none', auditRate: 0, tell: () => undefined });
