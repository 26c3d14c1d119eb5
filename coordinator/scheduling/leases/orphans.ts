/**
 * Finds what no open lease will deliver, so that it must be leased now: the one answer to deaths, to late workers, and to
 * leases that overlap.
 *
 * A lease of node n can still deliver chunk c only while no shard under n has chunk c: once a part of it
 * has been counted from elsewhere, the whole would count that part twice. A (shard, chunk) that has
 * neither been counted nor can be delivered by an open lease is an orphan. As long as orphans are leased
 * whenever a lease ends or overlaps, no step can wait for ever, however leases overlap.
 */
import { childrenOf, isWithin, type Node, nodesCovering } from '../../../shared/numerics/tree.js';
import type { Lease, StepLedger } from './ledger.js';

/**
 * Disjoint nodes that together hold all orphans of the chunks `[from, to)`, in no order.
 * @param under where they can be: disjoint nodes; by default everywhere
 */
export function orphans(
  ledger: StepLedger,
  from = 0,
  to = ledger.chunks,
  under: readonly Node[] = [ledger.root],
): Node[] {
  const parts = under.map((node) => {
    const [first, end] = ledger.range(node);
    return { first, end, leases: node === ledger.root ? ledger.openLeases() : ledger.leasesOver(node) };
  });
  parts.sort((a, b) => a.first - b.first);
  const found = new Set<Node>();
  for (let chunk = from; chunk < to; chunk++) {
    if (ledger.isChunkComplete(chunk)) continue;
    const runs = joined(parts.flatMap((part) => runsOf(ledger, chunk, part)));
    for (const { first, end } of runs)
      for (const node of nodesCovering(ledger.shards, first, end))
        if (ledger.samples(node) > 0) found.add(node);
  }
  return disjoint(found, (node) => ledger.samples(node) > 0);
}

/** Whether an open lease of `node` has anything left to deliver. */
export function canDeliver(ledger: StepLedger, node: Node): boolean {
  for (let chunk = 0; chunk < ledger.chunks; chunk++) if (ledger.isFree(node, chunk)) return true;
  return false;
}

/** Shards `[first, end)`. */
interface Run {
  first: number;
  end: number;
}

/** Longest runs of orphans of a chunk within some shards. @param part with all open leases that have shards of it */
function runsOf(ledger: StepLedger, chunk: number, part: Run & { leases: Iterable<Lease> }): Run[] {
  const coming = new Uint8Array(part.end - part.first);
  for (const { node } of part.leases) {
    const [first, end] = ledger.range(node);
    if (ledger.isFree(node, chunk))
      coming.fill(1, Math.max(first - part.first, 0), Math.max(end - part.first, 0));
  }
  // A shard without samples belongs to any node: it must not break a run in two.
  const isOrphan = (shard: number) =>
    ledger.isEmpty(shard) || !(coming[shard - part.first] || ledger.hasShard(shard, chunk));
  const [begin, stop] = ledger.range(ledger.root);
  const runs: Run[] = [];
  for (let at = part.first; at < part.end; at++) {
    const start = at;
    while (at < part.end && isOrphan(at)) at++;
    if (at === start) continue;
    let [first, end] = [start, at];
    while (first > begin && ledger.isEmpty(first - 1)) first--;
    while (end < stop && ledger.isEmpty(end)) end++;
    runs.push({ first, end });
  }
  return runs;
}

/** Runs that touch are one. @param runs by their first shards */
function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    if (last && run.first <= last.end) last.end = Math.max(last.end, run.end);
    else result.push({ ...run });
  }
  return result;
}

/** Splits each node that has another one of the set under it, until none has. */
function disjoint(nodes: Set<Node>, hasSamples: (node: Node) => boolean): Node[] {
  const result: Node[] = [];
  const waiting = [...nodes];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const above = node;
    const others = [...waiting, ...result].filter((other) => other !== above);
    if (others.some((other) => isWithin(other, above))) waiting.push(...childrenOf(above).filter(hasSamples));
    else if (!result.includes(above)) result.push(above);
  }
  return result;
}
