/**
 * The share of each worker in the samples of the last half minute, by what had counted then and now. Call it once a
 * second; a worker's own speed while it computes says little of what it adds to a run that waits for others.
 */
const LOOKS = 30;

export interface Counted {
  /** Samples that have counted of all workers, also of those that have left. */
  credited: number;
  workers: readonly { id: number; samples: number }[];
}

export class Shares {
  private readonly looks: { credited: number; samples: ReadonlyMap<number, number> }[] = [];

  look({ credited, workers }: Counted): void {
    this.looks.push({ credited, samples: new Map(workers.map(({ id, samples }) => [id, samples])) });
    if (this.looks.length > LOOKS) this.looks.shift();
  }

  /** @returns a share of 1; those of all, and of who has left, add up to 1 once anything has counted */
  of({ id, samples }: { id: number; samples: number }, credited: number): number {
    const [then] = this.looks;
    const all = credited - (then?.credited ?? 0);
    return all > 0 ? (samples - (then?.samples.get(id) ?? 0)) / all : 0;
  }
}
