/**
 * One evaluation: the test set in fixed parts, each given to an idle worker, on the same version of the weights for
 * all. Parts are summed in their own order, so the result does not depend on who computed what.
 *
 * Events in, effects out, as a training step (../step.ts); its leases are parts.
 */
import {
  type EvaluationPlan,
  type EvaluationTotals,
  wholeOf,
} from '../../../shared/data/evaluation-parts.js';
import type * as m from '../../../shared/protocol/messages.js';
import { leaseExpired } from '../../scheduling/deadlines.js';
import type { Worker } from '../../scheduling/worker.js';
import { notHeld } from '../../workers/phase/phase.js';
import type { Roster } from '../../workers/roster.js';
import { checkEvaluated } from '../contribution-checks.js';
import type { Decider, Effect, StepEvent } from '../events.js';
import { type PartLease, PartLeases } from './part-leases.js';

export interface EvaluationOptions {
  version: number;
  weights: m.Evaluate['weights'];
  plan: EvaluationPlan;
  workers: Roster;
}

/** Its outcome is undefined where it was broken off. */
export class Evaluation implements Decider<EvaluationTotals | undefined> {
  private readonly results = new Map<number, m.Evaluated>();
  private readonly waiting: number[];
  private readonly leases = new PartLeases();
  /** Sent away, and perhaps still on the roster. */
  private readonly gone = new Set<Worker>();
  private readonly effects: Effect<EvaluationTotals | undefined>[] = [];
  private now = 0;
  private isOver = false;

  constructor(private readonly options: EvaluationOptions) {
    this.waiting = options.plan.parts.map((_, part) => part);
  }

  handle(event: StepEvent, now: number): Effect<EvaluationTotals | undefined>[] {
    this.now = now;
    this.hear(event);
    if (this.results.size === this.options.plan.parts.length) this.end(this.totals());
    return this.effects.splice(0);
  }

  private hear(event: StepEvent): void {
    switch (event.type) {
      case 'begin':
        if (this.options.weights === 'averaged') {
          for (const worker of this.active()) this.effects.push({ do: 'sendAveraged', worker });
        }
        return this.share(this.active());
      case 'joined':
        return this.joined(event.worker);
      case 'lost':
        return this.lost(event.worker);
      case 'evaluated':
        return this.evaluated(event.worker, event.message);
      case 'dropped':
        return this.dropped(event.worker, event.message);
      case 'tick':
        return this.tick();
      case 'sweep':
        return this.sweep();
      case 'recover':
        return this.recover();
      case 'aborted':
        return this.end(undefined);
      case 'ended':
        for (const lease of this.leases.all()) this.takeBack(lease);
        return;
      case 'contribution':
      case 'frame':
        // To a step that is over: a duplicate that was on its way.
        return;
      case 'added':
      case 'audited':
        throw new Error(`an evaluation asks for nothing that is answered by: ${event.type}`);
      default:
        event satisfies never;
    }
  }

  private end(outcome: EvaluationTotals | undefined): void {
    if (!this.isOver) this.effects.push({ do: 'done', outcome });
    this.isOver = true;
  }

  private totals(): EvaluationTotals {
    const { parts } = this.options.plan;
    return wholeOf(
      parts,
      parts.map((_, part) => this.results.get(part)!),
    );
  }

  private joined(worker: Worker): void {
    if (this.options.weights === 'averaged') this.effects.push({ do: 'sendAveraged', worker });
    this.give(worker);
  }

  private lost(worker: Worker): void {
    const lost = this.leases.ofWorker(worker);
    for (const lease of lost) this.leases.release(lease);
    this.waiting.push(
      ...lost.map(({ part }) => part).filter((part) => this.leases.ofPart(part).length === 0),
    );
    this.share(this.active());
  }

  private evaluated(worker: Worker, message: m.Evaluated): void {
    const { version, plan } = this.options;
    const lease = this.leases.of(worker, message.part);
    if (message.version !== version || !lease) return this.refuse(worker, 'unexpected', notHeld(message));
    const { confusion, scores, curves } = plan;
    const fault = checkEvaluated(message, { samples: lease.samples, confusion, scores, curves });
    if (fault) return this.refuse(worker, fault.reason, fault.text);
    this.leases.delivered(lease, message, this.now);
    this.results.set(message.part, message);
    this.effects.push({ do: 'computed' });
    for (const copy of this.leases.ofPart(message.part)) this.takeBack(copy);
    if (this.results.size < plan.parts.length) this.give(worker);
  }

  private recover(): void {
    const isSomewhere = (part: number) =>
      this.results.has(part) || this.waiting.includes(part) || this.leases.ofPart(part).length > 0;
    const { parts } = this.options.plan;
    this.waiting.push(...parts.map((_, part) => part).filter((part) => !isSomewhere(part)));
    this.share(this.active());
  }

  private dropped(worker: Worker, { step, part }: m.Dropped): void {
    const { version } = this.options;
    // A part is let go of only when it was taken back, and is not held any more.
    const isHeld = part !== undefined && this.leases.of(worker, part) !== undefined;
    if (step < version || (step === version && !isHeld)) return;
    const text = `the end of evaluation part ${part ?? -1}, which it was not asked for`;
    this.refuse(worker, 'unexpected', text);
  }

  private sweep(): void {
    const promised = this.options.workers.promises();
    for (const { samples, worker, since } of this.leases.all()) {
      const lease = { since, samples, ...promised(worker) };
      const why = leaseExpired(this.now, lease);
      if (why) this.refuse(worker, 'leaseExpired', why);
    }
  }

  /** Sends a worker away; its parts are free at once. */
  private refuse(worker: Worker, reason: 'unexpected' | 'wrongShape' | 'leaseExpired', text: string): void {
    if (this.gone.has(worker)) return;
    this.gone.add(worker);
    this.effects.push({ do: 'refuse', worker, reason, text });
    this.lost(worker);
  }

  /** Gives parts that are late to workers without any as well; the first result counts. */
  private tick(): void {
    if (this.waiting.length > 0) return;
    const { now } = this;
    const free = this.options.workers
      .rested(now, this.active())
      .filter((worker) => worker.isFree && worker.parts === 0 && this.isBelieved(worker))
      .sort((a, b) => Number(a.isDoubtful) - Number(b.isDoubtful));
    for (const { lease, other } of this.leases.speculate(now, free)) {
      const { part, worker } = lease;
      for (const copy of this.leases.ofPart(part).filter((copy) => !copy.isLate)) {
        copy.isLate = true;
        copy.worker.overdue();
      }
      const waitedMs = this.leases.waitedMs(lease, now);
      this.hand(part, other);
      const late = `${Math.round(waitedMs)} ms without a result`;
      const text = `evaluation: ${other.name} is asked as well for part ${part} of ${worker.name}: ${late}`;
      this.effects.push({ do: 'tell', event: { type: 'speculated', step: this.options.version, text } });
    }
  }

  /** The part is not needed of this worker any more. */
  private takeBack(lease: PartLease): void {
    const { part, samples, worker, since } = lease;
    const { version: step } = this.options;
    this.leases.release(lease);
    worker.cancel({ kind: 'part', step, index: part, samples, since });
    this.effects.push({ do: 'send', worker, message: { type: 'cancel', step, part } });
  }

  private hand(part: number, worker: Worker): void {
    const { version, weights, plan } = this.options;
    const { from, to } = plan.parts[part]!;
    this.leases.add({ part, samples: to - from, worker, since: this.now });
    this.effects.push({
      ...{ do: 'send', worker },
      message: { type: 'evaluate', version, part, from, to, weights },
    });
  }

  private active(): Worker[] {
    return this.options.workers.active().filter((worker) => !this.gone.has(worker));
  }

  /** Volunteers, whose results are not checked, evaluate only if no trusted worker can. */
  private isBelieved({ isVolunteer }: Worker): boolean {
    return !isVolunteer || this.active().every((other) => other.isVolunteer);
  }

  /** Whether it is among the best that are there. All are only asked where it is not good enough by itself. */
  private mayBeGiven(worker: Worker): boolean {
    const { workers } = this.options;
    if (!worker.isVolunteer && !this.gone.has(worker) && workers.isReliable(worker, this.now)) return true;
    const believed = workers.reliable(this.now, this.active()).filter((other) => this.isBelieved(other));
    return this.isBelieved(worker) && (believed.length === 0 || believed.includes(worker));
  }

  /** First two parts to each, then a third to those with more lanes, and so on: the first does not get them all. */
  private share(workers: readonly Worker[]): void {
    const most = Math.max(0, ...workers.map((worker) => this.mostOf(worker)));
    for (let held = 2; held <= most; held++) for (const worker of workers) this.give(worker, held);
  }

  /** Parts that a worker holds at once: one for each lane, and one to go on with. Its lanes are a claim. */
  private mostOf({ lanes }: Worker): number {
    return Math.min(lanes + 1, this.options.plan.mostInHand);
  }

  /** @param most parts that it then holds */
  private give(worker: Worker, most = this.mostOf(worker)): void {
    if (this.waiting.length === 0) return worker.refresh(worker.parts > 0, this.now);
    if (!this.mayBeGiven(worker)) return;
    while (worker.parts < Math.min(most, this.mostOf(worker)) && this.waiting.length > 0) {
      this.hand(this.waiting.shift()!, worker);
    }
    worker.refresh(worker.parts > 0, this.now);
  }
}
