/** The connected workers, by id, and those that a step may wait for. Pure state. */
import { promised } from '../scheduling/deadlines.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import { Standings } from './history/standings.js';

export class Roster {
  readonly standings = new Standings();
  /** Workers in the order in which they came. */
  private readonly byId = new Map<WorkerId, Worker>();

  add(worker: Worker): void {
    this.byId.set(worker.id, worker);
  }

  /** @returns whether it was there */
  remove({ id }: Worker): boolean {
    return this.byId.delete(id);
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

  /** Those that can take leases. */
  active(): Worker[] {
    return this.all().filter(({ isActive }) => isActive);
  }

  /** Those of them that do not rest after leases that ran out; all, if there are no others. */
  rested(now: number, active = this.active()): Worker[] {
    const rested = active.filter(({ identity }) => !this.standings.isResting(identity, now));
    return rested.length > 0 ? rested : active;
  }

  /** Workers that a step may wait for: none that has let it wait again and again, unless there are no others. */
  reliable(now: number, active = this.active()): Worker[] {
    const rested = this.rested(now, active);
    const reliable = rested.filter(({ isDoubtful }) => !isDoubtful);
    return reliable.length > 0 ? reliable : rested;
  }

  /** What the worker's leases may be expected to take. */
  promised(worker: Worker): ReturnType<typeof promised> {
    return promised(worker, this.byId.values());
  }
}
