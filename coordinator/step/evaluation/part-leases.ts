/** Which worker holds which part of an evaluation, since when, and how long the parts before took it. */
import { expectedMs, patienceMs } from '../../scheduling/deadlines.js';
import { SetsByKey } from '../../scheduling/leases/sets-by-key.js';
import type { Turnaround } from '../../scheduling/turnaround.js';
import type { Worker } from '../../scheduling/worker.js';

/** More holders of one part at a time would only burden the network. */
const MOST_COPIES = 3;

export interface PartLease {
  part: number;
  samples: number;
  worker: Worker;
  since: number;
  /** When a lane of the worker was free for it; undefined: none has been yet. */
  begun?: number;
  /** Somebody else was asked as well. */
  isLate?: boolean;
}

export class PartLeases {
  private readonly open = new Set<PartLease>();
  /** The same by part and by worker: of thousands, an answer concerns a few. */
  private readonly byPart = new SetsByKey<number, PartLease>();
  private readonly byWorker = new SetsByKey<Worker, PartLease>();
  /** How long parts took, by worker. */
  private readonly recent = new Map<Worker, Turnaround[]>();

  add(lease: PartLease): void {
    const { worker, part } = lease;
    this.open.add(lease);
    this.byPart.add(part, lease);
    this.byWorker.add(worker, lease);
    if (worker.parts < worker.lanes) lease.begun = lease.since;
    worker.holdsParts(1);
    worker.lease();
  }

  release(lease: PartLease): void {
    const { worker, part } = lease;
    this.open.delete(lease);
    this.byPart.remove(part, lease);
    this.byWorker.remove(worker, lease);
    worker.holdsParts(-1);
  }

  /** The part has come. @param told of how long it took; no longer than the worker had it */
  delivered(lease: PartLease, told: { computeMs: number }, now: number): void {
    this.release(lease);
    const { worker, since, samples } = lease;
    const turnaroundMs = this.waitedMs(lease, now);
    const computeMs = Math.min(told.computeMs, now - since);
    worker.delivered();
    const history = this.recent.get(worker);
    const turnaround = { samples, computeMs, turnaroundMs };
    if (history) history.push(turnaround);
    else this.recent.set(worker, [turnaround]);
    const next = this.ofWorker(worker).find((other) => other.begun === undefined);
    if (next) next.begun = now;
  }

  all(): PartLease[] {
    return [...this.open];
  }

  ofPart(part: number): PartLease[] {
    return [...this.byPart.of(part)];
  }

  /** In the order in which it got them. */
  ofWorker(worker: Worker): PartLease[] {
    return [...this.byWorker.of(worker)];
  }

  of(worker: Worker, part: number): PartLease | undefined {
    return this.ofPart(part).find((lease) => lease.worker === worker);
  }

  /** Milliseconds since the worker could begin with it: it computes as many at a time as it has lanes. */
  waitedMs({ since, begun = since }: PartLease, now: number): number {
    return now - begun;
  }

  /** What is late, each part once, and who is to be asked as well: the free workers, in their order. */
  speculate(now: number, free: readonly Worker[]): { lease: PartLease; other: Worker }[] {
    const others = [...free];
    const asked = new Set<number>();
    const all = others.length > 0 ? [...this.recent.values()].flat() : [];
    return this.all().flatMap((lease) => {
      const [other] = others;
      const { worker, samples, since, part } = lease;
      if (!other || asked.has(part)) return [];
      const allowedMs = expectedMs(samples, this.historyOf(worker), all);
      const copies = this.ofPart(part);
      const outwaited = now - Math.max(since, other.idleSince) > this.patienceMs(other, samples);
      const isLate =
        allowedMs !== undefined && this.waitedMs(lease, now) > allowedMs && copies.length < MOST_COPIES;
      // Another copy that is younger may still come.
      if (!(isLate || outwaited) || copies.some((copy) => copy.since > since)) return [];
      others.shift();
      asked.add(part);
      return [{ lease, other }];
    });
  }

  /** Estimates by the parts that a worker has done of this evaluation; else by its training. */
  private patienceMs(worker: Worker, samples: number): number {
    const own = this.historyOf(worker).at(-1);
    if (!own) return patienceMs(samples, worker);
    const { turnaroundMs, computeMs } = own;
    const speed = (own.samples * 1000) / Math.max(computeMs, 0.01);
    return patienceMs(samples, { speed, overheadMs: turnaroundMs - computeMs });
  }

  private historyOf(worker: Worker): readonly Turnaround[] {
    return this.recent.get(worker) ?? [];
  }
}
