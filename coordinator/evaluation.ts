/**
 * One evaluation in hand: the test set in fixed parts, each given to whoever is free, on the same
 * version of the weights for all. Parts are summed in their own order, so the result does not depend
 * on who computed what.
 */

import type { Clock } from '../shared/clock.js';
import { type EvaluationPlan, type EvaluationTotals, sumParts } from '../shared/evaluation-parts.js';
import type * as m from '../shared/protocol/messages.js';
import type { Worker } from './participants.js';
import type { Swarm } from './swarm.js';
import { expectedMs, leaseExpired } from './work/deadlines.js';
import type { Turnaround } from './work/members.js';
import type { Work } from './work-in-hand.js';

/** More holders of one part at a time would only burden the network. */
const MOST_COPIES = 3;

/** Parts that a worker holds at once: one to compute, one to go on with. */
const PARTS_IN_HAND = 2;

/** Wrong predictions that are kept to be looked at. */
const MISTAKES = 24;

interface Held {
  part: number;
  worker: Worker;
  since: number;
}

export class Evaluation implements Work {
  private readonly results = new Map<number, m.Evaluated>();
  private readonly waiting: number[];
  private held: Held[] = [];
  /** How long parts took, by worker; and when each was last done with one. */
  private readonly recent = new Map<Worker, Turnaround[]>();
  private readonly doneAt = new Map<Worker, number>();
  private end!: (isWhole: boolean) => void;
  private readonly isWhole = new Promise<boolean>((resolve) => {
    this.end = resolve;
  });

  constructor(
    private readonly version: number,
    private readonly weights: m.Evaluate['weights'],
    private readonly plan: EvaluationPlan,
    private readonly swarm: Swarm,
    private readonly clock: Clock,
  ) {
    this.waiting = plan.parts.map((_, part) => part);
  }

  /** @returns undefined where `stop` was aborted before every part was evaluated */
  async run(stop: AbortSignal): Promise<EvaluationTotals | undefined> {
    const abort = () => this.end(false);
    stop.addEventListener('abort', abort);
    this.swarm.begin(this);
    try {
      for (const worker of this.swarm.active()) this.arrived(worker);
      if (!(await this.isWhole)) return undefined;
      return {
        ...sumParts(this.plan.parts.map((_, part) => this.results.get(part)!)),
        mistakes: this.mistakes(),
      };
    } finally {
      for (const held of [...this.held]) this.takeBack(held);
      this.swarm.end();
      stop.removeEventListener('abort', abort);
    }
  }

  /** The wrong predictions of which the model was surest, over the whole test set. */
  private mistakes(): EvaluationTotals['mistakes'] {
    const all = this.plan.parts.flatMap(({ from }, part) =>
      (this.results.get(part)?.mistakes ?? []).map((mistake) => ({
        ...mistake,
        record: from + mistake.record,
      })),
    );
    return all.sort((a, b) => b.confidence - a.confidence || a.record - b.record).slice(0, MISTAKES);
  }

  arrived(worker: Worker): void {
    if (this.weights === 'averaged') this.swarm.sendAveraged(worker);
    this.give(worker);
  }

  lost(worker: Worker): void {
    const parts = this.held.filter((held) => held.worker === worker).map((held) => held.part);
    this.held = this.held.filter((held) => held.worker !== worker);
    this.waiting.push(...parts.filter((part) => !this.held.some((held) => held.part === part)));
    for (const other of this.swarm.active()) this.give(other);
  }

  evaluated(worker: Worker, message: m.Evaluated): void {
    const at = this.held.findIndex((held) => held.worker === worker && held.part === message.part);
    if (message.version !== this.version || at < 0) return;
    const { from, to } = this.plan.parts[message.part]!;
    const fault = this.faultOf(message, to - from);
    if (fault) {
      this.swarm.refuse(worker, 'wrongShape', `evaluation part ${message.part}: ${fault}`);
      return;
    }
    const [{ since }] = this.held.splice(at, 1) as [Held];
    const now = this.clock.now();
    const turnaroundMs = now - Math.max(since, this.doneAt.get(worker) ?? 0);
    const times = this.recent.get(worker) ?? [];
    this.recent.set(worker, [...times, { samples: to - from, computeMs: message.computeMs, turnaroundMs }]);
    this.doneAt.set(worker, now);
    this.results.set(message.part, message);
    for (const copy of this.held.filter((held) => held.part === message.part)) this.takeBack(copy);
    if (this.results.size === this.plan.parts.length) this.end(true);
    else this.give(worker);
  }

  /** What does not fit the part that was asked for. */
  private faultOf({ samples, confusion, mistakes = [] }: m.Evaluated, expected: number): string | undefined {
    const { confusionClasses: classes } = this.plan;
    if (samples !== expected) return `${samples} samples told, the part has ${expected}`;
    if (confusion && confusion.length !== classes ** 2)
      return `a confusion matrix of ${confusion.length} cells, expected ${classes ** 2}`;
    const beyond = mistakes.find(({ record, predicted }) => record >= samples || predicted >= classes);
    return beyond && `a mistake of record ${beyond.record}, class ${beyond.predicted}, which there is not`;
  }

  contribution(): void {
    // To a step that is over: a duplicate that was on its way.
  }

  frame(): void {
    // As above.
  }

  progressed(): void {
    // Evaluation changes no weights.
  }

  expired(now: number): { worker: Worker; why: string }[] {
    return this.held.flatMap(({ part, worker, since }) => {
      const { from, to } = this.plan.parts[part]!;
      const why = leaseExpired(now, { since, samples: to - from, speed: worker.member.speed });
      return why ? [{ worker, why }] : [];
    });
  }

  /** Gives parts that are late to workers without any as well; the first result counts. */
  look(now: number): void {
    if (this.waiting.length > 0) return;
    const free = this.swarm
      .active()
      .filter(
        (worker) =>
          worker.member.owed.length === 0 &&
          this.mayEvaluate(worker) &&
          !this.held.some((held) => held.worker === worker),
      );
    const all = free.length > 0 ? [...this.recent.values()].flat() : [];
    for (const { part, worker, since } of [...this.held]) {
      const { from, to } = this.plan.parts[part]!;
      const allowedMs = expectedMs(to - from, this.recent.get(worker) ?? [], all);
      const waitedMs = now - Math.max(since, this.doneAt.get(worker) ?? 0);
      const copies = this.held.filter((held) => held.part === part);
      if (allowedMs === undefined || waitedMs <= allowedMs || copies.length >= MOST_COPIES) continue;
      // Another copy that is younger may still come.
      if (copies.some((copy) => copy.since > since)) continue;
      const other = free.shift();
      if (!other) return;
      this.hand(part, other);
      const late = `${Math.round(waitedMs)} ms without a result where ${Math.round(allowedMs)} ms were to be expected`;
      const text = `evaluation: ${other.member.name} is asked as well for part ${part} of ${worker.member.name}: ${late}`;
      this.swarm.tell({ type: 'speculated', step: this.version, text });
    }
  }

  /** The part is not needed of this worker any more. */
  private takeBack(held: Held): void {
    const { part, worker, since } = held;
    this.held.splice(this.held.indexOf(held), 1);
    const { from, to } = this.plan.parts[part]!;
    worker.member.owed.push({ kind: 'part', step: this.version, index: part, samples: to - from, since });
    worker.peer.send({ type: 'cancel', step: this.version, part });
  }

  private hand(part: number, worker: Worker): void {
    this.held.push({ part, worker, since: this.clock.now() });
    const { version, weights } = this;
    worker.peer.send({ type: 'evaluate', version, part, ...this.plan.parts[part]!, weights });
    worker.member.state = 'computing';
  }

  /** Volunteers, whose results nobody checks, evaluate only where no trusted worker can. */
  private mayEvaluate({ role }: Worker): boolean {
    return role !== 'volunteer' || this.swarm.active().every((other) => other.role === 'volunteer');
  }

  private give(worker: Worker): void {
    if (!this.mayEvaluate(worker)) return;
    let inHand = this.held.filter((held) => held.worker === worker).length;
    while (inHand < PARTS_IN_HAND && this.waiting.length > 0) {
      this.hand(this.waiting.shift()!, worker);
      inHand++;
    }
    this.swarm.refresh(worker, inHand > 0);
  }
}
