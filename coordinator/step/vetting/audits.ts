/**
 * An audit: a contribution is put aside, and its node computed again by somebody trusted, whose result is buffered
 * too. The recomputed result counts, whatever the comparison says: so nothing that was audited can
 * hold more than it should, however close to the truth it lies. If the two agree, the work is credited to the
 * volunteer. An audit whose node is counted from elsewhere meanwhile comes to nothing.
 *
 * If classes are not known to give the same bits everywhere, a contribution that is far off gets a third engine's opinion
 * before it is held against it. Nothing waits for that: the node has counted.
 */
import { engineOf, isSameEverywhere, mustAgree } from '../../../shared/engines/engines.js';
import type { Lease } from '../../scheduling/leases/ledger.js';
import type { Worker } from '../../scheduling/worker.js';
import { BufferedGradient } from '../../trust/buffered-gradient.js';
import { type Computed, compare, type Finding } from '../../trust/compare.js';
import type { OwnChoice, Recomputed } from '../../trust/own-engine.js';
import type { Beliefs } from '../../trust/trust.js';
import type { Dispatch } from '../dispatch.js';
import { Incoming } from '../in-flight.js';
import type { NonFinite } from '../non-finite.js';
import type { StepState } from '../state.js';
import type { Accepted } from './accepted.js';
import { pickAuditor } from './pick-auditor.js';

interface Audit {
  suspect: Incoming;
  auditor: Worker;
  /** The auditor's: the audit lasts as long as it is open. */
  lease: Lease;
}

/** An audit that has found its suspect far off, and asks for another opinion. */
interface Doubt {
  audit: Audit;
  claimed: Computed;
  again: Computed;
  finding: Finding;
}

export class Audits {
  private readonly audits = new Map<Lease, Audit>();
  /** What the coordinator's own engine was asked for, by the number of the question. */
  private readonly asked = new Map<number, Audit | Doubt>();
  private questions = 0;
  /** Who has been found wrong: they are banned once what was computed again is added. */
  private readonly found: { worker: Worker; why: string }[] = [];

  constructor(
    private readonly state: StepState,
    private readonly trust: Beliefs,
    private readonly dispatch: Dispatch,
    private readonly accepted: Accepted,
    private readonly nonFinite: NonFinite,
  ) {}

  /** Nodes that are being computed again. */
  open(): { node: number }[] {
    for (const lease of this.audits.keys()) if (!this.state.ledger.isOpen(lease)) this.audits.delete(lease);
    return [...this.audits.keys()];
  }

  /** Has a contribution computed again. @returns whether there is somebody who can */
  start(suspect: Incoming): boolean {
    const { ledger, inFlight, now } = this.state;
    const { worker, node } = suspect;
    this.open();
    const isAsked = [...this.audits.values()].some(
      (audit) => audit.suspect.worker === worker && audit.lease.node === node,
    );
    const auditor = isAsked ? undefined : this.auditorFor(suspect);
    if (!isAsked && !auditor) return false;
    ledger.end(worker.id, node);
    inFlight.forget(worker.id, node);
    if (auditor) this.give(suspect, auditor);
    worker.refresh(ledger.holds(worker.id), now);
    return true;
  }

  /** A worker is gone: others recompute what it had to. If none can, the node is free for the next worker. */
  lost(worker: Worker): void {
    const { ledger, inFlight } = this.state;
    for (const { auditor, lease, suspect } of [...this.audits.values()]) {
      if (auditor !== worker || !ledger.isOpen(lease)) continue;
      this.audits.delete(lease);
      ledger.end(worker.id, lease.node);
      inFlight.forget(worker.id, lease.node);
      this.dispatch.free(lease.node);
      const other = this.auditorFor(suspect);
      if (other) this.give(suspect, other);
    }
  }

  /** @returns whether the contribution is a recomputation, and has been dealt with */
  answeredBy(reference: Incoming): boolean {
    const audit = this.audits.get(reference.lease);
    if (audit) this.recomputed(audit, reference);
    return audit !== undefined;
  }

  /** The coordinator's own engine answers. @param recomputed undefined: it could not */
  answered(question: number, recomputed: Recomputed | undefined): void {
    const asked = this.asked.get(question);
    this.asked.delete(question);
    if (!asked) return;
    if ('finding' in asked) this.concludeWith(asked, recomputed);
    else if (recomputed) {
      const { engineClass } = recomputed;
      asked.auditor.computesWith(engineOf(engineClass), engineClass);
      if (this.state.ledger.isOpen(asked.lease)) this.recomputed(asked, this.incomingOf(asked, recomputed));
      else this.overtaken(asked, recomputed);
    }
  }

  /** Somebody who is trusted was faster, whose result counts: what this one finds is still held against its suspect. */
  private overtaken(audit: Audit, recomputed: Recomputed): void {
    const { suspect } = audit;
    if (!mustAgree(suspect.worker.engineClass, recomputed.engineClass)) return;
    if (this.trust.reputation.banOf(suspect.worker.identity)) return;
    this.conclude(audit, this.opinion(suspect, computed(suspect), recomputed));
  }

  /** @returns whether there was anybody to ban */
  banNext(): boolean {
    const found = this.found.shift();
    if (found) this.state.ban(found.worker, found.why);
    return found !== undefined;
  }

  private auditorFor({ worker, node }: Incoming): Worker | undefined {
    const { ledger } = this.state;
    const trusted = this.state
      .active()
      .filter(({ id, isVolunteer }) => !isVolunteer && !ledger.leaseOf(id, node));
    return pickAuditor(worker.engineClass, trusted, this.trust.own, (auditor) =>
      this.dispatch.availability.secondsLeft(auditor),
    );
  }

  private give(suspect: Incoming, auditor: Worker): void {
    const lease = this.state.ledger.lease(suspect.node, auditor.id, this.state.now, true);
    const audit = { suspect, auditor, lease };
    this.audits.set(lease, audit);
    if (auditor !== this.trust.own) return this.dispatch.issue(auditor, lease);
    this.ask(audit, lease, isSameEverywhere(suspect.worker.engineClass) ? 'universal' : 'usual');
  }

  /** Asks the coordinator's own engine. */
  private ask(what: Audit | Doubt, lease: Lease, engine: OwnChoice): void {
    const audit = this.questions++;
    this.asked.set(audit, what);
    const message = this.state.leaseMessage(lease);
    this.state.effects.push({ do: 'audit', audit, lease: message, engine, isOpinion: 'finding' in what });
  }

  private incomingOf({ auditor, lease }: Audit, { contribution, chunks }: Recomputed): Incoming {
    const { layout, ledger, now } = this.state;
    return new Incoming({
      worker: auditor,
      lease,
      message: contribution,
      begunAt: now,
      announcedAt: now,
      chunks: { from: 0, window: ledger.chunks },
      buffered: BufferedGradient.of(layout, chunks),
    });
  }

  private recomputed(audit: Audit, reference: Incoming): void {
    const { state, trust } = this;
    const { ledger, now } = state;
    const { suspect, auditor } = audit;
    const { worker, node } = suspect;
    this.audits.delete(audit.lease);
    if (!reference.buffered!.isFinite || !Number.isFinite(reference.message.loss)) {
      if (suspect.buffered!.isFinite)
        return this.nonFinite.found(auditor, node, 'a recomputation is not finite');
      const why = `NaN or infinity (node ${node}, computed by ${worker.name} and again)`;
      state.effects.push({ do: 'diverged', why });
      return;
    }
    const { reputation } = trust;
    // Another of its nodes has been found wrong meanwhile: this one does not matter any more.
    if (reputation.banOf(worker.identity)) return this.accepted.accept(reference, reference);
    const [claimed, again] = [computed(suspect), computed(reference)];
    const finding = this.compared(suspect, claimed, again);
    const isExact = mustAgree(claimed.engineClass, again.engineClass);
    if (finding.verdict !== 'equal' && !isExact) reputation.replaced();
    const isFar = finding.verdict === 'doubtful' || finding.verdict === 'wrong';
    const isProven = isExact && isFar;
    if (isFar && !isExact) this.askAgain({ audit, claimed, again, finding });
    else this.conclude(audit, finding);
    // Doubt is credited too: what a volunteer is told of its samples must not tell it that it was seen.
    this.accepted.accept(reference, isProven ? reference : suspect);
    if (!isProven) {
      const { samples, computeMs } = reference.message;
      auditor.measure({ samples, computeMs, turnaroundMs: reference.turnaroundMs(ledger.chunks) });
      auditor.refresh(ledger.holds(auditor.id), now);
    }
    if (isFar) state.countNode('rejected', node);
  }

  private compared({ node }: Incoming, claimed: Computed, again: Computed): Finding {
    const { layout, ledger } = this.state;
    const usualNorm = this.trust.norms.usual;
    return compare(claimed, again, { layout, samples: ledger.samples(node), usualNorm });
  }

  /** The coordinator's other engine is asked: the finding counts that is kinder to the volunteer. */
  private askAgain(doubt: Doubt): void {
    const { audit, again, finding } = doubt;
    this.trust.reputation.suspect(audit.suspect.worker.identity);
    if (!this.trust.own) return this.conclude(audit, finding);
    this.ask(doubt, audit.lease, isSameEverywhere(again.engineClass) ? 'usual' : 'universal');
  }

  /** @param third undefined: without another opinion the first one holds */
  private concludeWith({ audit, claimed, again, finding }: Doubt, third: Recomputed | undefined): void {
    const { suspect } = audit;
    const isOther = third !== undefined && third.engineClass !== again.engineClass;
    const second = isOther ? this.opinion(suspect, claimed, third) : finding;
    this.conclude(audit, second.distance < finding.distance ? second : finding);
  }

  private opinion(suspect: Incoming, claimed: Computed, { engineClass, contribution, chunks }: Recomputed) {
    const gradient = BufferedGradient.of(this.state.layout, chunks);
    const { loss, metric } = contribution;
    return this.compared(suspect, claimed, { engineClass, gradient, loss, metric });
  }

  private conclude({ suspect: { worker, node }, auditor }: Audit, finding: Finding): void {
    const why = this.trust.conclude(worker.identity, finding);
    if (why) this.found.push({ worker, why: `its node ${node}, recomputed by ${auditor.name}: ${why}` });
  }
}

const computed = ({ worker, message: { loss, metric }, buffered }: Incoming): Computed => ({
  engineClass: worker.engineClass,
  gradient: buffered!,
  loss,
  metric,
});
