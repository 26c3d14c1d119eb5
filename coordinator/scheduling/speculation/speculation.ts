/**
 * Chooses the worker that also computes what a late worker owes. The first valid result counts, so this costs computing
 * that would have been idle, and never changes the result.
 *
 * A pure function of (now, state, options) that returns its decisions with their reasons.
 */
import { childrenOf, type Node } from '../../../shared/numerics/tree.js';
import { expectedAtLeastMs, expectedMs, inAll } from '../deadlines.js';
import { NodeIndex } from '../leases/node-index.js';
import type { LeastTimes } from '../least-times.js';
import type { Turnaround } from '../turnaround.js';
import type { WorkerId } from '../worker.js';
import { DisjointNodes } from './disjoint-nodes.js';
import { Waits } from './waits.js';

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
  /** ...and the least that any of them took; undefined: not known, and all are looked at. */
  least?: LeastTimes;
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
  /** Of the step. */
  shards: number;
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
  if (state.idle.length === 0) return [];
  const waits = new Waits(now, state.idle, options.samples);
  const judge = judgeBy(now, waits, options);
  const late = state.leases
    .filter((lease) => mayBeLate(now, lease, waits))
    .map(judge)
    .filter(({ lateMs }) => lateMs > 0)
    .sort((a, b) => b.lateMs - a.lateMs);
  if (late.length === 0) return [];
  const leases = new NodeIndex<OpenLease>(options.shards);
  for (const held of state.leases) leases.add(held.node, held);
  const asked = new DisjointNodes();
  const free = inTurn(state.idle);
  const decisions: Speculation[] = [];
  for (const own of late) {
    const { node, allowedMs, lease } = own;
    const { name, begunAt, since } = lease;
    if (asked.overlaps(node)) continue;
    const others = leases
      .over(node)
      .filter((other) => other !== lease)
      .map(judge);
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
    const halves =
      node >= options.shards ? [] : childrenOf(node).filter((child) => options.samples(child) > 0);
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

/** Who is asked first. */
function inTurn(idle: readonly IdleWorker[]): IdleWorker[] {
  return [...idle].sort(
    (a, b) =>
      Number(a.isDoubtful) - Number(b.isDoubtful) ||
      Number(b.isTrusted) - Number(a.isTrusted) ||
      (b.speed ?? 0) - (a.speed ?? 0) ||
      a.id - b.id,
  );
}

/** Whether the lease may be late, told without its worker's history. */
function mayBeLate(now: number, lease: OpenLease, waits: Waits): boolean {
  const { samples, recent, least } = lease;
  return (
    !least || overdue(now, lease, expectedAtLeastMs(samples, recent, least)) > 0 || waits.longest(lease) > 0
  );
}

/** Judges each lease once. */
function judgeBy(now: number, waits: Waits, { all }: SpeculationOptions): (lease: OpenLease) => Judged {
  const judged = new Map<OpenLease, Judged>();
  return (lease) => {
    const before = judged.get(lease);
    if (before) return before;
    const allowedMs = expectedMs(lease.samples, lease.recent, all);
    const overdueMs = overdue(now, lease, allowedMs);
    const outwaitedMs = waits.longest(lease);
    const lateMs = Math.max(overdueMs, outwaitedMs);
    const made = { lease, node: lease.node, allowedMs, overdueMs, outwaitedMs, lateMs };
    judged.set(lease, made);
    return made;
  };
}

/** A lease is late when it has stood still for longer than is allowed, or has taken twice as long in all. */
function overdue(now: number, { since, begunAt }: OpenLease, allowedMs: number | undefined): number {
  if (allowedMs === undefined) return Number.NEGATIVE_INFINITY;
  return Math.max(now - since - allowedMs, now - begunAt - inAll(allowedMs));
}

const ms = (value: number) => `${Math.round(value)} ms`;
