/**
 * What workers send for a step, held against what was leased. Pure; whether its numbers are to be believed is
 * the judge's business.
 */
import { chunkRange } from '../shared/layout.js';
import type { CloseReason } from '../shared/protocol/close-codes.js';
import type { Frame } from '../shared/protocol/frame.js';
import type * as m from '../shared/protocol/messages.js';
import { MAX_SHARDS, type Node } from '../shared/tree.js';
import type { Incoming } from './incoming.js';
import type { LeaseEntry, StepLedger } from './work/ledger.js';

/** Why a worker is sent away. */
export interface Fault {
  reason: Extract<CloseReason, 'unexpected' | 'wrongShape'>;
  text: string;
}

/** `past`: of a step or lease that is over, as networks will have it; `duplicate`: somebody else's counted already. */
export type Checked<T> = T | 'past' | 'duplicate' | Fault;

/** @returns the lease that it answers */
export function checkContribution(
  { step, node, samples }: m.Contribution,
  worker: number,
  ledger: StepLedger,
): Checked<{ lease: LeaseEntry }> {
  if (step > ledger.step || !isNode(node, ledger)) return neverLeased('contribution', step, node);
  if (step < ledger.step) return 'past';
  const lease = ledger.leaseOf(worker, node);
  if (!lease) return 'duplicate';
  const expected = ledger.samples(node);
  if (samples === expected) return { lease };
  const text = `step ${step}, node ${node}: ${samples} samples told, the node has ${expected}`;
  return { reason: 'wrongShape', text };
}

/**
 * @param incoming the contribution of this worker to this node, if it has told of one
 * @param elements of the whole vector; @param window chunks that may be sent by now
 */
export function checkFrame(
  { step, node, chunk, body }: Frame,
  incoming: Incoming | undefined,
  ledger: StepLedger,
  elements: number,
  window: number,
): Checked<{ incoming: Incoming }> {
  if (step < ledger.step) return 'past';
  if (!incoming) {
    return step > ledger.step || !isNode(node, ledger) ? neverLeased('frame', step, node) : 'past';
  }
  const { start, end } = chunkRange(elements, chunk);
  const bytes = 4 * (end - start);
  if (chunk >= ledger.chunks || body.byteLength !== bytes) {
    const text = `step ${step}, node ${node}, chunk ${chunk}: ${body.byteLength} bytes, expected ${bytes}`;
    return { reason: 'wrongShape', text };
  }
  if (chunk === incoming.nextChunk && chunk < window) return { incoming };
  const text = `chunk ${chunk} where chunk ${incoming.nextChunk} of at most ${window} was expected`;
  return { reason: 'unexpected', text };
}

const isNode = (node: Node, { shards }: StepLedger): boolean => node < Math.min(2 * shards, 2 * MAX_SHARDS);

const neverLeased = (what: string, step: number, node: Node): Fault => ({
  reason: 'unexpected',
  text: `${what} for step ${step}, node ${node}, which was never leased`,
});
