/** How long leases have waited, against how long idle workers would take: the measure of lateness that no worker makes itself. */
import type { Node } from '../../../shared/numerics/tree.js';
import { patienceMs } from '../deadlines.js';

/** A worker that could have computed. */
interface Idle {
  /** Samples a second, if measured. */
  speed: number | undefined;
  /** Milliseconds of a lease beside computing, if measured. */
  overheadMs: number | undefined;
  /** When it became idle. */
  since: number;
}

/** A lease that is waited for. */
interface Waiting {
  node: Node;
  begunAt: number;
}

/** How much longer leases have waited than idle workers allow. Both are many, and leases of few sizes. */
export class Waits {
  private readonly bySize = new Map<number, Patience>();

  constructor(
    private readonly now: number,
    private readonly idle: readonly Idle[],
    private readonly samples: (node: Node) => number,
  ) {}

  outwaited({ node, begunAt }: Waiting, other: Idle): number {
    return this.now - Math.max(begunAt, other.since) - patienceMs(this.samples(node), other);
  }

  /** By how much the lease has outwaited the worker whom it has outwaited by the most; below 0: nobody. */
  longest({ node, begunAt }: Waiting): number {
    const size = this.samples(node);
    let patience = this.bySize.get(size);
    if (!patience) this.bySize.set(size, (patience = new Patience(this.now, this.idle, size)));
    return patience.longest(this.now - begunAt);
  }
}

/** The patience of all idle workers with leases of one size. */
class Patience {
  private least = Number.POSITIVE_INFINITY;
  /** By how much any of them has been idle for longer than that; below 0: no lease has outwaited anybody. */
  private longestIdle = Number.NEGATIVE_INFINITY;
  /** The least patient first. */
  private ms = new Float64Array(0);
  /** By how much any of the first of them has been idle for longer than that: no lease has outwaited one by more. */
  private idle = new Float64Array(0);

  constructor(
    private readonly now: number,
    private readonly workers: readonly Idle[],
    private readonly size: number,
  ) {
    for (const one of workers) {
      const ms = patienceMs(size, one);
      this.least = Math.min(this.least, ms);
      this.longestIdle = Math.max(this.longestIdle, now - one.since - ms);
    }
  }

  private sort(): void {
    const { now, workers, size } = this;
    const all = workers.map((worker) => ({ ms: patienceMs(size, worker), since: worker.since }));
    all.sort((a, b) => a.ms - b.ms);
    this.ms = Float64Array.from(all, ({ ms }) => ms);
    let most = Number.NEGATIVE_INFINITY;
    this.idle = Float64Array.from(all, ({ ms, since }) => (most = Math.max(most, now - since - ms)));
  }

  /** The most of min(waited - ms, idle): of these one falls from worker to worker, and the other rises. */
  longest(waited: number): number {
    if (waited <= this.least || this.longestIdle <= 0) return Number.NEGATIVE_INFINITY;
    if (this.ms.length === 0) this.sort();
    let [low, high] = [0, this.ms.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.idle[middle]! < waited - this.ms[middle]!) low = middle + 1;
      else high = middle;
    }
    const at = (i: number) => Math.min(waited - this.ms[i]!, this.idle[i]!);
    return Math.max(
      low > 0 ? at(low - 1) : Number.NEGATIVE_INFINITY,
      low < this.ms.length ? at(low) : Number.NEGATIVE_INFINITY,
    );
  }
}
