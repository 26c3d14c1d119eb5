/**
 * Chooses the worker that also computes what a late worker owes. The first valid result counts, so this costs computing
 * that would have been idle, and never changes the result.
 *
 * A pure function of (now, state, options) that returns its decisions with their reasons.
 */
import { childrenOf, type Node, parentOf, ROOT } from '../../shared/numerics/tree.js';
import { expectedMs, inAll, patienceMs } from './deadlines.js';
import type { Turnaround, WorkerId } from './worker.js';

/** More leases of one node at a time would only burden the network, as long as one of them may still come. */
const MOST_COPIES = 3;
/** Idle workers that are weighed for one lease, the first of them: the others have their turn later. */
const MOST_WEIGHED = 64;

export interface OpenLease {
  node: Node;
  worker: WorkerId;
  /** The worker's name, for the reason. */
  name: string;
  /** Samples to be computed until its result, those of the worker's leases before it included. */
  samples: number;
  /** When it last could go on: its lease, the end of the previous lease, or its last progress. */
  since: number;
  /** When the worker could begin with it, later by as long as it had to wait for others meanwhile. */
  begunAt: number;
  /** The worker's latest leases. */
  recent: readonly Turnaround[];
  /** The coordinator recomputes it: only who is trusted is asked, since of others it would recompute that too. */
  isOwn?: boolean;
}

export interface IdleWorker {
  id: WorkerId;
  name: string;
  /** Samples a second, if measured. */
  speed: number | undefined;
  /** Milliseconds of a lease beside computing, if measured. */
  overheadMs: number | undefined;
  /** When it became idle. */
  since: number;
  isTrusted: boolean;
  /** It has let others wait: it is asked last. */
  isDoubtful: boolean;
}

export interface SpeculationState {
  /** Leases that the step waits for now. */
  leases: readonly OpenLease[];
  /** Workers that have nothing to do. */
  idle: readonly IdleWorker[];
}

export interface SpeculationOptions {
  /** The latest leases of all workers: what is expected of one without a history. */
  all: readonly Turnaround[];
  samples(node: Node): number;
  isLeaf(node: Node): boolean;
}

export interface Speculation {
  node: Node;
  worker: WorkerId;
  /** The leases that let the step wait. */
  late: readonly OpenLease[];
  /** One line for people. */
  reason: string;
}

/** A lease, and by how many milliseconds it is late: below 0 while it is not. */
interface Judged {
  lease: OpenLease;
  node: Node;
  /** The limit by its worker's own history; undefined while no worker has one. */
  allowedMs: number | undefined;
  /** By that limit. */
  overdueMs: number;
  /** By what idle workers would take: by the most that any of them allows. */
  outwaitedMs: number;
  /** By either. */
  lateMs: number;
}

/**
 * Late leases, the latest first, each given to an idle worker, or in halves to two: who is not doubtful first, then
 * who is trusted, then the fastest.
 *
 * A lease is late by its own worker's history, which is that worker's to make; or else by what the idle one would take,
 * twice, which is not.
 */
export function speculate(now: number, state: SpeculationState, options: SpeculationOptions): Speculation[] {
  const idle = [...state.idle].sort(
    (a, b) =>
      Number(a.isDoubtful) - Number(b.isDoubtful) ||
      Number(b.isTrusted) - Number(a.isTrusted) ||
      (b.speed ?? 0) - (a.speed ?? 0) ||
      a.id - b.id,
  );
  if (idle.length === 0) return [];
  const waits = new Waits(now, idle, options.samples);
  const judge = (lease: OpenLease): Judged => {
    const allowedMs = expectedMs(lease.samples, lease.recent, options.all);
    const overdueMs = overdue(now, lease, allowedMs);
    const outwaitedMs = waits.longest(lease);
    const lateMs = Math.max(overdueMs, outwaitedMs);
    return { lease, node: lease.node, allowedMs, overdueMs, outwaitedMs, lateMs };
  };
  const judged = state.leases.map(judge);
  const late = judged.filter(({ lateMs }) => lateMs > 0).sort((a, b) => b.lateMs - a.lateMs);
  if (late.length === 0) return [];
  const leases = new Leases(judged, options.isLeaf);
  const asked = new Asked();
  const free = [...idle];
  const decisions: Speculation[] = [];
  for (const own of late) {
    const { node, allowedMs, lease } = own;
    const { name, begunAt, since } = lease;
    if (asked.overlaps(node)) continue;
    const others = leases.over(node).filter((other) => other !== own);
    const isLate = (held: Judged, other: IdleWorker) =>
      held.overdueMs > 0 || waits.outwaited(held.lease, other) > 0;
    // A copy that is soon to be expected is waited for; that of a slow worker, which is only tried, is not.
    const isSoon = (held: Judged) => -held.overdueMs <= (allowedMs ?? Number.POSITIVE_INFINITY);
    // Nobody who is idle would be asked.
    if (others.some((held) => held.lateMs <= 0 && isSoon(held))) continue;
    const areMany = others.length >= MOST_COPIES - 1;
    if (areMany && [own, ...others].some(({ outwaitedMs }) => outwaitedMs <= 0)) continue;
    const isNext = (other: IdleWorker) =>
      (!lease.isOwn || other.isTrusted) &&
      isLate(own, other) &&
      !others.some((held) => !isLate(held, other) && isSoon(held)) &&
      (!areMany || [own, ...others].every((held) => waits.outwaited(held.lease, other) > 0));
    if (free.length === 0) break;
    const first = free.slice(0, MOST_WEIGHED).find(isNext);
    if (!first) continue;
    const halves = options.isLeaf(node) ? [] : childrenOf(node).filter((child) => options.samples(child) > 0);
    const second =
      halves.length === 2 &&
      free.find(
        (other) =>
          other !== first && other.isDoubtful === first.isDoubtful && (!lease.isOwn || other.isTrusted),
      );
    const shares = second ? [first, second].entries() : [[0, first] as const];
    const waited =
      own.overdueMs > 0
        ? `${ms(now - since)} without a result where ${ms(allowedMs ?? 0)} were to be expected`
        : `${ms(now - begunAt)} without a result`;
    for (const [at, { id, name: other }] of shares) {
      const part = second ? halves[at]! : node;
      asked.add(part);
      free.splice(
        free.findIndex((one) => one.id === id),
        1,
      );
      decisions.push({
        node: part,
        worker: id,
        late: [own, ...others.filter((held) => isLate(held, first))].map((held) => held.lease),
        reason: `${other} is asked as well for node ${part} of ${name}: ${waited}`,
      });
    }
  }
  return decisions;
}

/** A lease is late when it has stood still for longer than is allowed, or has taken twice as long in all. */
function overdue(now: number, { since, begunAt }: OpenLease, allowedMs: number | undefined): number {
  if (allowedMs === undefined) return Number.NEGATIVE_INFINITY;
  return Math.max(now - since - allowedMs, now - begunAt - inAll(allowedMs));
}

/** How much longer leases have waited than idle workers allow. Both are many, and leases of few sizes. */
class Waits {
  private readonly bySize = new Map<number, Patience>();

  constructor(
    private readonly now: number,
    private readonly idle: readonly IdleWorker[],
    private readonly samples: (node: Node) => number,
  ) {}

  outwaited({ node, begunAt }: OpenLease, other: IdleWorker): number {
    return this.now - Math.max(begunAt, other.since) - patienceMs(this.samples(node), other);
  }

  /** By how much the lease has outwaited the worker whom it has outwaited by the most; below 0: nobody. */
  longest({ node, begunAt }: OpenLease): number {
    const size = this.samples(node);
    let patience = this.bySize.get(size);
    if (!patience) this.bySize.set(size, (patience = new Patience(this.now, this.idle, size)));
    return patience.longest(this.now - begunAt);
  }
}

/** The patience of all idle workers with leases of one size. */
class Patience {
  private readonly least: number;
  /** The least patient first. */
  private ms = new Float64Array(0);
  /** By how much any of the first of them has been idle for longer than that: no lease has outwaited one by more. */
  private idle = new Float64Array(0);

  constructor(
    private readonly now: number,
    private readonly workers: readonly IdleWorker[],
    private readonly size: number,
  ) {
    this.least = workers.reduce(
      (least, one) => Math.min(least, patienceMs(size, one)),
      Number.POSITIVE_INFINITY,
    );
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
    if (waited <= this.least) return Number.NEGATIVE_INFINITY;
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

/** Open leases by their nodes. */
class Leases {
  private readonly byNode = new Map<Node, Judged[]>();

  constructor(
    all: readonly Judged[],
    private readonly isLeaf: (node: Node) => boolean,
  ) {
    for (const lease of all) {
      const same = this.byNode.get(lease.node);
      if (same) same.push(lease);
      else this.byNode.set(lease.node, [lease]);
    }
  }

  /** Those that have shards of `node`. */
  over(node: Node): Judged[] {
    const found: Judged[] = [];
    for (let above = parentOf(node); above >= ROOT; above = parentOf(above)) this.take(above, found);
    this.takeUnder(node, found);
    return found;
  }

  private takeUnder(node: Node, found: Judged[]): void {
    this.take(node, found);
    if (!this.isLeaf(node)) for (const child of childrenOf(node)) this.takeUnder(child, found);
  }

  private take(node: Node, found: Judged[]): void {
    const own = this.byNode.get(node);
    if (own) found.push(...own);
  }
}

/** Nodes for which somebody has been asked. */
class Asked {
  private readonly nodes = new Set<Node>();
  private readonly above = new Set<Node>();

  add(node: Node): void {
    this.nodes.add(node);
    for (let at = parentOf(node); at >= ROOT; at = parentOf(at)) this.above.add(at);
  }

  overlaps(node: Node): boolean {
    if (this.above.has(node)) return true;
    for (let at = node; at >= ROOT; at = parentOf(at)) if (this.nodes.has(at)) return true;
    return false;
  }
}

const ms = (value: number) => `${Math.round(value)} ms`;
