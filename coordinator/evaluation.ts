/**
 * One evaluation in hand: the test set in fixed parts, each given to whoever is free, on the same
 * version of the weights for all. Parts are summed in their own order, so the result does not depend
 * on who computed what.
 */

import type { Clock } from '../shared/clock.js';
import { type EvaluationPart, type EvaluationTotals, sumParts } from '../shared/evaluation-parts.js';
import type * as m from '../shared/protocol/messages.js';
import type { Swarm, Work, Worker } from './swarm.js';
import { leaseExpired } from './work/deadlines.js';

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
  private resolve!: () => void;
  private reject!: (error: unknown) => void;
  private readonly outcome = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(
    private readonly version: number,
    private readonly weights: m.Evaluate['weights'],
    private readonly parts: readonly EvaluationPart[],
    private readonly swarm: Swarm,
    private readonly clock: Clock,
  ) {
    this.waiting = parts.map((_, part) => part);
  }

  /** @throws the reason of `stop` */
  async run(stop: AbortSignal): Promise<EvaluationTotals> {
    const abort = () => this.reject(stop.reason);
    stop.addEventListener('abort', abort);
    this.swarm.begin(this);
    try {
      for (const worker of this.swarm.active()) this.arrived(worker);
      await this.outcome;
      return { ...sumParts(this.parts.map((_, part) => this.results.get(part)!)), mistakes: this.mistakes() };
    } finally {
      this.swarm.end();
      stop.removeEventListener('abort', abort);
    }
  }

  /** The wrong predictions of which the model was surest, over the whole test set. */
  private mistakes(): EvaluationTotals['mistakes'] {
    const all = this.parts.flatMap(({ from, to }, part) =>
      (this.results.get(part)?.mistakes ?? [])
        .filter(({ record }) => record < to - from)
        .map((mistake) => ({ ...mistake, record: from + mistake.record })),
    );
    return all.sort((a, b) => b.confidence - a.confidence || a.record - b.record).slice(0, MISTAKES);
  }

  arrived(worker: Worker): void {
    if (this.weights === 'averaged') this.swarm.sendAveraged(worker);
    this.give(worker);
  }

  lost(worker: Worker): void {
    this.waiting.push(...this.held.filter((held) => held.worker === worker).map((held) => held.part));
    this.held = this.held.filter((held) => held.worker !== worker);
    for (const other of this.swarm.active()) this.give(other);
  }

  evaluated(worker: Worker, message: m.Evaluated): void {
    const at = this.held.findIndex((held) => held.worker === worker && held.part === message.part);
    if (message.version !== this.version || at < 0) return;
    const { from, to } = this.parts[message.part]!;
    if (message.samples !== to - from) {
      const text = `evaluation part ${message.part}: ${message.samples} samples told, the part has ${to - from}`;
      this.swarm.refuse(worker, 'wrongShape', text);
      return;
    }
    this.held.splice(at, 1);
    this.results.set(message.part, message);
    if (this.results.size === this.parts.length) this.resolve();
    else this.give(worker);
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
      const { from, to } = this.parts[part]!;
      const why = leaseExpired(now, { since, samples: to - from, speed: worker.member.speed });
      return why ? [{ worker, why }] : [];
    });
  }

  private give(worker: Worker): void {
    let inHand = this.held.filter((held) => held.worker === worker).length;
    while (inHand < PARTS_IN_HAND && this.waiting.length > 0) {
      const part = this.waiting.shift()!;
      this.held.push({ part, worker, since: this.clock.now() });
      const { version, weights } = this;
      worker.peer.send({ type: 'evaluate', version, part, ...this.parts[part]!, weights });
      inHand++;
    }
    worker.member.state = inHand > 0 ? 'computing' : 'idle';
  }
}
