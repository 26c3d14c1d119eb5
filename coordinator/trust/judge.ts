/**
 * What becomes of contributions that came whole, in one step: they count, or are refused, or are recomputed
 * first. Nothing of them has counted before.
 *
 * An audit: the contribution is put aside, and its node leased to somebody trusted, whose result is taken whole
 * too. If they agree, the volunteer's counts, so that bits do not depend on who was drawn. If not, a trusted
 * worker's own counts; after the coordinator's engine, which may be of a class that no worker has, the node is
 * leased to others. An audit whose node is counted from elsewhere meanwhile comes to nothing.
 */
import type { Clock } from '../../shared/clock.js';
import type { Layout } from '../../shared/layout.js';
import type * as m from '../../shared/protocol/messages.js';
import type { ShardCounters } from '../../shared/status.js';
import { isWithin, leafCount, type Node, ROOT } from '../../shared/tree.js';
import type { Dispatch } from '../dispatch.js';
import { Incoming } from '../incoming.js';
import type { Contributor, Worker } from '../participants.js';
import type { Swarm } from '../swarm.js';
import type { Accepted } from '../tally.js';
import type { Pipeline } from '../update/pipeline.js';
import type { LeaseEntry, StepLedger } from '../work/ledger.js';
import { measure } from '../work/members.js';
import { pickAuditor } from './auditors.js';
import { compare } from './compare.js';
import { type Measured, sizeOf } from './norm-bound.js';
import type { Trust } from './trust.js';
import { WholeGradient } from './whole-gradient.js';

export interface JudgeParts {
  trust: Trust;
  swarm: Swarm;
  ledger: StepLedger;
  pipeline: Pipeline;
  dispatch: Dispatch;
  layout: Layout;
  counters: ShardCounters;
  clock: Clock;
  /** The worker's lease has ended. */
  forget(worker: number, node: Node): void;
  leaseMessage(worker: Contributor, lease: LeaseEntry): m.Lease;
  accept(accepted: Accepted): void;
  foundNotFinite(worker: Contributor, node: Node, what: string): void;
  diverged(what: string): void;
  fail(error: unknown): void;
}

interface Audit {
  node: Node;
  suspect: Incoming;
  auditor: Contributor;
}

export class Judge {
  private audits: Audit[] = [];
  /** Came whole, and cannot be judged yet: there is nothing to measure it by, or nobody to recompute it. */
  private waiting: Incoming[] = [];
  /** What has been accepted in this step: where, whose, and how large. */
  private readonly accepted: (Measured & { node: Node })[] = [];
  /** Who was refused for the size of what, in this step. */
  private readonly refused: { identity: string; node: Node }[] = [];
  private isOver = false;

  constructor(private readonly parts: JudgeParts) {}

  isTakenWhole(worker: Contributor, node: Node): boolean {
    return worker.role === 'volunteer' || this.auditOf(worker.member.id, node) !== undefined;
  }

  isWaiting(worker: number, node: Node): boolean {
    return this.waiting.some((entry) => entry.worker.member.id === worker && entry.node === node);
  }

  /** The last chunk of a contribution has come. */
  whole(incoming: Incoming): void {
    const audit = this.auditOf(incoming.worker.member.id, incoming.node);
    if (audit) return this.recomputed(audit, incoming);
    this.waiting.push(incoming);
    this.settle();
  }

  /** Judges what can be judged by now. */
  settle(): void {
    const { trust, ledger } = this.parts;
    for (const incoming of [...this.waiting]) {
      if (!this.waiting.includes(incoming)) continue;
      if (trust.isAudited(incoming.worker.identity, ledger.step)) this.startAudit(incoming);
      else if (trust.isRobust || trust.norms.hasHistory || this.isCovered()) this.judge(incoming);
    }
  }

  /** A worker is gone: others recompute what it was to; what only it has sent is nobody's any more. */
  lost(worker: Worker): void {
    const { id } = worker.member;
    this.waiting = this.waiting.filter((entry) => entry.worker !== worker);
    for (const audit of this.audits.filter(({ auditor }) => auditor === worker)) {
      this.audits.splice(this.audits.indexOf(audit), 1);
      this.parts.ledger.end(id, audit.node);
      this.parts.forget(id, audit.node);
      this.giveToAuditor(audit.suspect);
    }
  }

  /** A lease was taken back: others have counted what it was for. */
  forget(worker: number, node: Node): void {
    this.audits = this.audits.filter((audit) => audit.auditor.member.id !== worker || audit.node !== node);
    this.waiting = this.waiting.filter((entry) => entry.worker.member.id !== worker || entry.node !== node);
  }

  end(): void {
    this.isOver = true;
  }

  private auditOf(auditor: number, node: Node): Audit | undefined {
    return this.audits.find((audit) => audit.auditor.member.id === auditor && audit.node === node);
  }

  /** Whether every sample of the step has been counted, or has come: then there is no more to measure by. */
  private isCovered(): boolean {
    const { ledger } = this.parts;
    const here = [...this.waiting, ...this.audits, ...this.accepted];
    const waits = (shard: number) => here.some(({ node }) => isWithin(ledger.shards + shard, node));
    return Array.from({ length: ledger.shards }, (_, shard) => shard).every(
      (shard) => ledger.hasShard(shard, ledger.chunks - 1) || waits(shard),
    );
  }

  private judge(incoming: Incoming): void {
    const { trust, ledger } = this.parts;
    const { worker, node, message, whole } = incoming;
    const isNumber = whole!.isFinite && Number.isFinite(message.loss) && Number.isFinite(message.metric);
    const size = sizeOf(whole!.norm, ledger.samples(node), ledger.samples(ROOT));
    const limit = trust.isRobust
      ? Number.POSITIVE_INFINITY
      : trust.norms.limit([...this.accepted, ...this.sizesWaiting()]);
    if (trust.audits && !(isNumber && size <= limit)) return this.startAudit(incoming);
    this.waiting.splice(this.waiting.indexOf(incoming), 1);
    if (!isNumber)
      return this.parts.foundNotFinite(worker, node, 'a whole contribution holds NaN or infinity');
    if (size > limit && !this.isConfirmed(worker, node)) return this.tooLarge(incoming, size / limit);
    this.accept(incoming, worker, incoming);
  }

  /** A trusted worker's result counts in place of the volunteer's; that of the coordinator's engine never does. */
  private take(reference: Incoming): void {
    const { worker, node } = reference;
    const { trust, ledger, dispatch } = this.parts;
    if (worker !== trust.ownEngine?.worker) return this.accept(reference, worker, reference);
    ledger.end(worker.member.id, node);
    dispatch.adopt();
  }

  private sizesWaiting(): Measured[] {
    const { ledger } = this.parts;
    const batch = ledger.samples(ROOT);
    return this.waiting
      .filter(({ whole }) => whole!.isFinite)
      .map(({ worker, node, whole }) => ({
        identity: worker.identity,
        size: sizeOf(whole!.norm, ledger.samples(node), batch),
      }));
  }

  private accept(work: Incoming, holder: Contributor, credited: Incoming): void {
    const { ledger, accept } = this.parts;
    const { node, message, worker } = work;
    const size = sizeOf(work.whole!.norm, ledger.samples(node), ledger.samples(ROOT));
    this.accepted.push({ node, identity: worker.identity, size });
    accept({ node, holder: holder.member.id, gradient: work.whole!, message, credited, nextChunk: 0 });
  }

  /** Whether what is too large is the data's doing: another identity has said the same, or there is none. */
  private isConfirmed(worker: Contributor, node: Node): boolean {
    const { swarm, trust } = this.parts;
    const isOther = ({ identity }: { identity: string }) => identity !== worker.identity;
    const same = this.refused.find(
      (other) => isOther(other) && (isWithin(node, other.node) || isWithin(other.node, node)),
    );
    if (same) trust.conduct.absolve(same.identity);
    return same !== undefined || (this.refused.length > 0 && !swarm.active().some(isOther));
  }

  private tooLarge({ worker, node }: Incoming, times: number): void {
    const { trust, swarm, ledger, counters } = this.parts;
    const { identity, member } = worker;
    this.refused.push({ identity, node });
    counters.rejected += leafCount(ledger.shards, node);
    const why = `step ${ledger.step + 1}, node ${node}: ${times.toPrecision(2)} times as large as is allowed`;
    if (trust.conduct.strike(identity)) this.ban(worker, `${why}, not for the first time`);
    else swarm.refuse(worker, 'overNorm', `${member.name}: ${why}`);
  }

  private ban({ identity, member: { name } }: Contributor, why: string): void {
    const { trust, swarm, ledger } = this.parts;
    trust.ban({ identity, name, step: ledger.step + 1, why });
    swarm.refuseBanned(identity, why);
  }

  private startAudit(incoming: Incoming): void {
    const { ledger, swarm, clock, forget } = this.parts;
    const { worker, node } = incoming;
    const isAsked = this.audits.some((audit) => audit.suspect.worker === worker && audit.node === node);
    if (!isAsked && !this.auditorFor(incoming)) return;
    incoming.leasedAt = ledger.leaseOf(worker.member.id, node)?.since ?? clock.now();
    ledger.end(worker.member.id, node);
    forget(worker.member.id, node);
    this.waiting = this.waiting.filter((entry) => entry !== incoming);
    if (!isAsked) this.giveToAuditor(incoming);
    swarm.refresh(worker, ledger.leasesOf(worker.member.id).length > 0);
  }

  private auditorFor({ worker, node }: Incoming): Contributor | undefined {
    const { swarm, trust, ledger, dispatch } = this.parts;
    const trusted = swarm
      .active()
      .filter(({ role, member }) => role !== 'volunteer' && !ledger.leaseOf(member.id, node));
    const { ownEngine } = trust;
    return pickAuditor(worker.member, trusted, ownEngine?.worker, ({ member }) =>
      dispatch.secondsLeft(member.id, member.speed),
    );
  }

  /** Without anybody to recompute it the node is free, for whoever comes. */
  private giveToAuditor(suspect: Incoming): void {
    const auditor = this.auditorFor(suspect);
    if (!auditor) return;
    const { dispatch, ledger, clock, trust, pipeline, leaseMessage, fail } = this.parts;
    const { node } = suspect;
    const audit = { node, suspect, auditor };
    this.audits.push(audit);
    const { ownEngine } = trust;
    if (auditor !== ownEngine?.worker) return dispatch.give(auditor, node);
    const lease = leaseMessage(auditor, ledger.lease(node, auditor.member.id, clock.now()));
    const wanted = suspect.worker.member.engine;
    const { version } = pipeline.weights;
    ownEngine
      .compute(lease, { version, flat: () => pipeline.weights.flat() }, wanted)
      .then(({ engineClass, contribution, chunks }) => {
        if (this.isOver || !this.audits.includes(audit)) return;
        const whole = new WholeGradient(this.parts.layout);
        for (const chunk of chunks) whole.take(chunk);
        const now = clock.now();
        const window = { from: 0, window: ledger.chunks };
        const begunAt = now - contribution.computeMs;
        const computed = new Incoming(auditor, node, contribution, begunAt, now, window, whole);
        this.recomputed(audit, computed, engineClass);
      })
      .catch(fail);
  }

  private recomputed(
    audit: Audit,
    reference: Incoming,
    engineClass = audit.auditor.member.engineClass,
  ): void {
    const { trust, swarm, ledger, layout } = this.parts;
    const { suspect, node, auditor } = audit;
    const { worker } = suspect;
    this.audits = this.audits.filter((other) => other !== audit);
    if (!reference.whole!.isFinite || !Number.isFinite(reference.message.loss)) {
      if (suspect.whole!.isFinite)
        return this.parts.foundNotFinite(auditor, node, 'a recomputation is not finite');
      return this.parts.diverged(
        `NaN or infinity (node ${node}, computed by ${worker.member.name} and again)`,
      );
    }
    const { conduct } = trust;
    // Another of its nodes has been found wrong meanwhile: this one does not matter any more.
    if (conduct.banOf(worker.identity)) return this.take(reference);
    const claimed = computed(suspect, worker.member.engineClass);
    const { verdict, text } = compare(claimed, computed(reference, engineClass), layout, ledger.chunks);
    if (verdict === 'equal' || verdict === 'within tolerance') {
      conduct.passed(worker.identity);
      const { samples, computeMs } = reference.message;
      const turnaroundMs = reference.turnaroundMs(ledger.chunks);
      measure(auditor.member, { samples, computeMs, turnaroundMs });
      // Of a worker that has left, the account is closed.
      if (!swarm.isActive(worker)) return this.take(reference);
      this.accept(suspect, auditor, suspect);
      return swarm.refresh(auditor, ledger.leasesOf(auditor.member.id).length > 0);
    }
    this.take(reference);
    this.parts.counters.rejected += leafCount(ledger.shards, node);
    if (verdict === 'doubtful' && !conduct.doubted(worker.identity)) return;
    if (verdict === 'wrong') conduct.failed();
    this.ban(worker, `its node ${node}, recomputed by ${auditor.member.name}: ${text}`);
  }
}

const computed = ({ message: { loss, metric }, whole }: Incoming, engineClass: string) => ({
  engineClass,
  gradient: whole!,
  loss,
  metric,
});
