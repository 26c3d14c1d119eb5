/** The connected workers, by id, and those that a step may wait for. Pure state. */
import { promised, sortedSpeeds } from '../scheduling/deadlines.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import { Standings } from './history/standings.js';

export class Roster {
  readonly standings = new Standings();
  /** Workers in the order in which they came. */
  private readonly byId = new Map<WorkerId, Worker>();
  /** Those that cannot take leases yet. */
  private readonly arriving = new Set<Worker>();
  /** The others, by id. It is asked for many times a step, and changes with whoever comes or goes: then by a new list. */
  private ready: readonly Worker[] = [];
  private readyLanes = 0;

  add(worker: Worker): void {
    this.byId.set(worker.id, worker);
    this.arriving.add(worker);
  }

  /** @returns whether it was there */
  remove(worker: Worker): boolean {
    if (!this.arriving.delete(worker) && this.byId.has(worker.id)) {
      this.ready = this.ready.filter((other) => other !== worker);
      this.readyLanes -= worker.lanes;
    }
    return this.byId.delete(worker.id);
  }

  has({ id }: Worker): boolean {
    return this.byId.has(id);
  }

  /** Whether it is connected, and has told of its engine. */
  isReady(worker: Worker): boolean {
    return this.has(worker) && worker.state !== 'joining';
  }

  get(id: WorkerId): Worker | undefined {
    return this.byId.get(id);
  }

  get size(): number {
    return this.byId.size;
  }

  all(): Worker[] {
    return [...this.byId.values()];
  }

  /** Those that can take leases, in the order in which they came. */
  active(): readonly Worker[] {
    const arrived = [...this.arriving].filter(({ isActive }) => isActive);
    for (const worker of arrived) {
      this.arriving.delete(worker);
      this.readyLanes += worker.lanes;
    }
    if (arrived.length > 0) this.ready = inOrder([...this.ready, ...arrived]);
    return this.ready;
  }

  /** Shards that they compute at a time, all together. */
  lanes(): number {
    this.active();
    return this.readyLanes;
  }

  /** Those of them that do not rest after leases that ran out; all, if there are no others. */
  rested(now: number, active = this.active()): readonly Worker[] {
    if (!this.standings.isAnyResting(now)) return active;
    const rested = active.filter(({ identity }) => !this.standings.isResting(identity, now));
    return rested.length > 0 ? rested : active;
  }

  /** Whether a step may wait for the worker, whoever else there is. */
  isReliable({ isActive, isDoubtful, identity }: Worker, now: number): boolean {
    return isActive && !isDoubtful && !this.standings.isResting(identity, now);
  }

  /** Workers that a step may wait for: none that has let it wait again and again, unless there are no others. */
  reliable(now: number, active = this.active()): readonly Worker[] {
    const rested = this.rested(now, active);
    if (!rested.some(({ isDoubtful }) => isDoubtful)) return rested;
    const reliable = rested.filter(({ isDoubtful }) => !isDoubtful);
    return reliable.length > 0 ? reliable : rested;
  }

  /** @returns what a worker's leases may be expected to take, by the speeds that all have now */
  promises(): (worker: Worker) => ReturnType<typeof promised> {
    let speeds: readonly number[] | undefined;
    return (worker) => promised(worker, () => (speeds ??= sortedSpeeds(this.byId.values())));
  }
}

/** By id, where nearly all are already. */
function inOrder(workers: Worker[]): Worker[] {
  for (let at = 1; at < workers.length; at++)
    if (workers[at]!.id < workers[at - 1]!.id) return workers.sort((a, b) => a.id - b.id);
  return workers;
}
