/**
 * Whom to ask for what a late worker owes as well. The first valid result counts, so this costs computing
 * that would have been idle, and never changes the result.
 *
 * A pure function of (now, state, options) that returns its decisions with their reasons.
 */
import { childrenOf, isWithin, type Node } from '../../shared/tree.js';
import { expectedMs } from './deadlines.js';
import type { Turnaround } from './members.js';

/** More than this many leases of one node at a time would only burden the network. */
const MOST_COPIES = 3;

export interface OpenLease {
  node: Node;
  worker: number;
  /** The worker's name, for the reason. */
  name: string;
  /** Samples to be computed until its result, those of the worker's leases before it included. */
  samples: number;
  /** Since when it could have gone on: its lease, the end of the lease before, or its last progress. */
  since: number;
  /** The worker's latest leases. */
  recent: readonly Turnaround[];
}

export interface SpeculationState {
  /** Leases that the step waits for now. */
  leases: readonly OpenLease[];
  /** Workers that have nothing to do. */
  idle: readonly { id: number; name: string; speed: number | undefined }[];
}

export interface SpeculationOptions {
  /** The latest leases of all workers: what is expected of one without a history. */
  all: readonly Turnaround[];
  samples(node: Node): number;
  isLeaf(node: Node): boolean;
}

export interface Speculation {
  node: Node;
  worker: number;
  /** One line for people. */
  reason: string;
}

/** Late leases, the latest first, each given to an idle worker, or in halves to two, the fastest first. */
export function speculate(now: number, state: SpeculationState, options: SpeculationOptions): Speculation[] {
  const idle = [...state.idle].sort((a, b) => (b.speed ?? 0) - (a.speed ?? 0) || a.id - b.id);
  if (idle.length === 0) return [];
  const judged = state.leases.map((lease) => {
    const allowedMs = expectedMs(lease.samples, lease.recent, options.all);
    return { ...lease, allowedMs, overdueMs: now - lease.since - (allowedMs ?? Number.POSITIVE_INFINITY) };
  });
  const late = judged.filter(({ overdueMs }) => overdueMs > 0);
  const overlaps = (a: Node, b: Node) => isWithin(a, b) || isWithin(b, a);
  const decisions: Speculation[] = [];
  for (const lease of late.sort((a, b) => b.overdueMs - a.overdueMs)) {
    const { node, name, since, allowedMs } = lease;
    const others = judged.filter((other) => other !== lease && overlaps(other.node, node));
    // A copy that is soon to be expected is waited for; that of a slow worker, which is only tried, is not.
    const isSoon = (other: { overdueMs: number }) => other.overdueMs <= 0 && -other.overdueMs <= allowedMs!;
    if (others.length >= MOST_COPIES - 1 || others.some(isSoon)) continue;
    if (decisions.some((decision) => overlaps(decision.node, node))) continue;
    const free = idle.filter(({ id }) => !decisions.some(({ worker }) => worker === id));
    if (free.length === 0) break;
    const halves = options.isLeaf(node) ? [] : childrenOf(node).filter((child) => options.samples(child) > 0);
    const nodes = halves.length === 2 && free.length >= 2 ? halves : [node];
    const waited = `${ms(now - since)} without a result where ${ms(allowedMs!)} were to be expected`;
    for (const [at, part] of nodes.entries()) {
      const { id, name: other } = free[at]!;
      decisions.push({
        node: part,
        worker: id,
        reason: `${other} is asked as well for node ${part} of ${name}: ${waited}`,
      });
    }
  }
  return decisions;
}

const ms = (value: number) => `${Math.round(value)} ms`;
