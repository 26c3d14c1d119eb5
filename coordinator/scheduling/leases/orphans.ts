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
import type { StepLedger } from './ledger.js';

/** Disjoint nodes that together hold all orphans of the chunks `[from, to)`, in no order. */
export function orphans(ledger: StepLedger, from = 0, to = ledger.chunks): Node[] {
  const found = new Set<Node>();
  for (let chunk = from; chunk < to; chunk++) {
    if (!ledger.isChunkComplete(chunk)) for (const node of orphansOf(ledger, chunk)) found.add(node);
  }
  return disjoint(found, (node) => ledger.samples(node) > 0);
}

/** Whether an open lease of `node` has anything left to deliver. */
export function canDeliver(ledger: StepLedger, node: Node): boolean {
  for (let chunk = 0; chunk < ledger.chunks; chunk++) if (ledger.isFree(node, chunk)) return true;
  return false;
}

function orphansOf(ledger: StepLedger, chunk: number): Node[] {
  const { shards } = ledger;
  const coming = new Uint8Array(shards);
  for (const { node } of ledger.openLeases()) {
    if (ledger.isFree(node, chunk)) coming.fill(1, ...ledger.range(node));
  }
  // A shard without samples belongs to any node: it must not break a run in two.
  const isOrphan = (shard: number) =>
    ledger.isEmpty(shard) || !(coming[shard] || ledger.hasShard(shard, chunk));
  const nodes: Node[] = [];
  const [first, end] = ledger.range(ledger.root);
  for (let at = first; at < end; at++) {
    const start = at;
    while (at < end && isOrphan(at)) at++;
    if (at > start) nodes.push(...nodesCovering(shards, start, at));
  }
  return nodes.filter((node) => ledger.samples(node) > 0);
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
