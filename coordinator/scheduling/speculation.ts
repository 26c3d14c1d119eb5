/**
 * Chooses the worker that also computes what a late worker owes. The first valid result counts, so this costs computing
 * that would have been idle, and never changes the result.
 *
 * A pure function of (now, state, options) that returns its decisions with their reasons.
 */
import { childrenOf, type Node, overlaps } from '../../shared/numerics/tree.js';
import { expectedMs, inAll, patienceMs } from './deadlines.js';
import type { Turnaround, WorkerId } from './worker.js';

/** More leases of one node at a time would only burden the network, as long as one of them may still come. */
const MOST_COPIES = 3;

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
interface Judged extends OpenLease {
  /** The limit by its worker's own history; undefined while no worker has one. */
  allowedMs: number | undefined;
  overdueMs: number;
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
  const outwaited = ({ node, begunAt }: OpenLease, other: IdleWorker) =>
    now - Math.max(begunAt, other.since) - patienceMs(options.samples(node), other);
  const longest = longestWait(now, idle, options, outwaited);
  const judged = state.leases.map((lease): Judged => {
    const allowedMs = expectedMs(lease.samples, lease.recent, options.all);
    return { ...lease, allowedMs, overdueMs: overdue(now, lease, allowedMs) };
  });
  const lateBy = (lease: Judged) => Math.max(lease.overdueMs, longest(lease));
  const late = judged.filter((lease) => lateBy(lease) > 0).sort((a, b) => lateBy(b) - lateBy(a));
  const decisions: Speculation[] = [];
  for (const lease of late) {
    const { node, name, begunAt, since, allowedMs } = lease;
    if (decisions.some((decision) => overlaps(decision.node, node))) continue;
    const others = judged.filter((other) => other !== lease && overlaps(other.node, node));
    const isLate = (held: Judged, other: IdleWorker) => held.overdueMs > 0 || outwaited(held, other) > 0;
    // A copy that is soon to be expected is waited for; that of a slow worker, which is only tried, is not.
    const isSoon = (held: Judged) => -held.overdueMs <= (allowedMs ?? Number.POSITIVE_INFINITY);
    const isNext = (other: IdleWorker) =>
      (!lease.isOwn || other.isTrusted) &&
      isLate(lease, other) &&
      !others.some((held) => !isLate(held, other) && isSoon(held)) &&
      (others.length < MOST_COPIES - 1 || [lease, ...others].every((held) => outwaited(held, other) > 0));
    const free = idle.filter(({ id }) => !decisions.some(({ worker }) => worker === id));
    if (free.length === 0) break;
    const first = free.find(isNext);
    if (!first) continue;
    const second = free.find(
      (other) =>
        other !== first && other.isDoubtful === first.isDoubtful && (!lease.isOwn || other.isTrusted),
    );
    const halves = options.isLeaf(node) ? [] : childrenOf(node).filter((child) => options.samples(child) > 0);
    const shares = halves.length === 2 && second ? [first, second].entries() : [[0, first] as const];
    const waited =
      lease.overdueMs > 0
        ? `${ms(now - since)} without a result where ${ms(allowedMs ?? 0)} were to be expected`
        : `${ms(now - begunAt)} without a result`;
    for (const [at, { id, name: other }] of shares) {
      const part = halves.length === 2 && second ? halves[at]! : node;
      decisions.push({
        node: part,
        worker: id,
        late: [lease, ...others.filter((held) => isLate(held, first))],
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

/** How much longer a lease has waited than the least patient idle worker allows. Leases are many, but of few sizes. */
function longestWait(
  now: number,
  idle: readonly IdleWorker[],
  { samples }: SpeculationOptions,
  outwaited: (lease: OpenLease, other: IdleWorker) => number,
): (lease: OpenLease) => number {
  const least = new Map<number, number>();
  return (lease) => {
    const size = samples(lease.node);
    const patience = least.get(size) ?? Math.min(...idle.map((other) => patienceMs(size, other)));
    least.set(size, patience);
    if (now - lease.begunAt <= patience) return Number.NEGATIVE_INFINITY;
    return Math.max(...idle.map((other) => outwaited(lease, other)));
  };
}

const ms = (value: number) => `${Math.round(value)} ms`;
