/** What workers have given to the run: those that are here, and those that have left. */
import { mergeTotals, type Totals } from '../../scheduling/totals.js';
import type { Worker } from '../../scheduling/worker.js';
import { Past } from './past.js';

/** Those that are connected. */
interface Here {
  has(worker: Worker): boolean;
  all(): Worker[];
}

export class Given {
  /** Samples whose contributions have counted since this start. */
  credited = 0;
  private readonly past = new Past();

  constructor(private readonly here: Here) {}

  /** A contribution has counted: it is the worker's also where it has left since it sent it. */
  credit(worker: Worker, samples: number): void {
    this.credited += samples;
    if (!this.here.has(worker)) this.past.add({ ...worker, samples, contributions: 1 }, worker.identity);
  }

  left(worker: Worker): void {
    this.past.add(worker, worker.identity);
  }

  totals(): Totals[] {
    return mergeTotals(this.past.rows(), this.here.all());
  }

  /** Of all workers whose contributions have counted. */
  engineClasses(): Set<string> {
    const counted = [...this.past.rows(), ...this.here.all()].filter(
      ({ contributions }) => contributions > 0,
    );
    return new Set(counted.map(({ engineClass }) => engineClass));
  }

  restore(totals: readonly Totals[]): void {
    for (const row of totals) this.past.add(row);
  }

  /** @returns how many samples all workers of a name and kind have given, now */
  samples(): (of: Pick<Totals, 'name' | 'kind'>) => number {
    const given = { node: new Map<string, number>(), browser: new Map<string, number>() };
    for (const rows of [this.past.rows(), this.here.all()])
      for (const { kind, name, samples } of rows)
        given[kind].set(name, (given[kind].get(name) ?? 0) + samples);
    return ({ kind, name }) => given[kind].get(name) ?? 0;
  }
}
