/**
 * What workers send for a step, held against what was leased. Pure; whether its numbers are to be believed is
 * vetting's business (vetting/).
 */

import type { ConfusionSize } from '../../shared/data/confusion.js';
import { faultOfPlaces } from '../../shared/data/roc.js';
import type { Exchange } from '../../shared/numerics/codec/exchange.js';
import type { Layout } from '../../shared/numerics/layout.js';
import type { Node } from '../../shared/numerics/tree.js';
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type { Frame } from '../../shared/protocol/frame.js';
import type * as m from '../../shared/protocol/messages.js';
import type { Lease, StepLedger } from '../scheduling/leases/ledger.js';
import type { WorkerId } from '../scheduling/worker.js';
import type { Incoming } from './in-flight.js';

/** Why a worker is sent away. */
export interface Fault {
  reason: Extract<CloseReason, 'unexpected' | 'wrongShape'>;
  text: string;
}

/** `past`: of a step or lease that is over, as networks will have it. */
export type Checked<T> = T | 'past' | Fault;

/**
 * @param incoming the contribution of this worker to this node, if it has told of one
 * @returns the lease that it answers
 */
export function checkContribution(
  { step, node, samples }: m.Contribution,
  worker: WorkerId,
  incoming: Incoming | undefined,
  ledger: StepLedger,
): Checked<{ lease: Lease }> {
  if (step > ledger.step || !ledger.isNode(node)) return neverLeased('contribution', step, node);
  if (step < ledger.step) return 'past';
  const lease = ledger.leaseOf(worker, node);
  // One that was taken back before it was told of does not come this far: it answers that.
  if (incoming || (!lease && ledger.hasEnded(worker, node))) {
    return { reason: 'unexpected', text: `step ${step}, node ${node}: a second contribution to one lease` };
  }
  if (!lease) return neverLeased('contribution', step, node);
  const expected = ledger.samples(node);
  if (samples === expected) return { lease };
  const text = `step ${step}, node ${node}: ${samples} samples told, the node has ${expected}`;
  return { reason: 'wrongShape', text };
}

/**
 * @param incoming the contribution of this worker to this node, if it has told of one
 * @param layout of the whole vector; @param window chunks that may be sent by now
 * @param exchange how gradients travel; undefined: in float32
 */
export function checkFrame(
  { step, node, chunk, body, coding }: Frame,
  worker: WorkerId,
  incoming: Incoming | undefined,
  ledger: StepLedger,
  layout: Layout,
  window: number,
  exchange?: Exchange,
): Checked<{ incoming: Incoming }> {
  if (step < ledger.step) return 'past';
  if (step > ledger.step || !ledger.isNode(node)) return neverLeased('frame', step, node);
  if (!incoming) {
    // It may have been on its way when the lease was taken back.
    if (ledger.hasEnded(worker, node)) return 'past';
    if (!ledger.leaseOf(worker, node)) return neverLeased('frame', step, node);
    return { reason: 'unexpected', text: `step ${step}, node ${node}: a frame before its contribution` };
  }
  const expected = exchange?.nodes.isCoded(node) ? 'int8' : undefined;
  if (coding !== expected) {
    const text = `step ${step}, node ${node}: ${coding ?? 'float32'} where ${expected ?? 'float32'} was expected`;
    return { reason: 'wrongShape', text };
  }
  const { start, end } = layout.range(chunk);
  const isChunk = chunk < ledger.chunks;
  const bytes = isChunk && expected ? exchange!.chunks.bytes(chunk) : 4 * (end - start);
  if (!isChunk || body.byteLength !== bytes) {
    const text = `step ${step}, node ${node}, chunk ${chunk}: ${body.byteLength} bytes, expected ${bytes}`;
    return { reason: 'wrongShape', text };
  }
  if (chunk === incoming.nextChunk && chunk < window) return { incoming };
  const text = `chunk ${chunk} where chunk ${incoming.nextChunk} of at most ${window} was expected`;
  return { reason: 'unexpected', text };
}

/** What is let go of was taken back, and is not held any more. @returns undefined where that is so */
export function checkDropped(
  { step, node }: m.Dropped,
  worker: WorkerId,
  ledger: StepLedger,
): Fault | undefined {
  const isHeld = node !== undefined && ledger.leaseOf(worker, node) !== undefined;
  if (step < ledger.step || (step === ledger.step && !isHeld)) return undefined;
  return { reason: 'unexpected', text: `step ${step}, node ${node}: let go of, and not taken back` };
}

/** What must come with an evaluation part, or may. */
export interface Expected {
  samples: number;
  /** Of the counts that may come with it. */
  confusion: ConfusionSize;
  /** Names of its sums. */
  scores?: readonly string[] | undefined;
  /** ROC curves of its places. */
  curves?: number | undefined;
}

export function checkEvaluated(
  { part, samples, confusion, scores = {}, places = [], mistakes = [] }: m.Evaluated,
  { samples: expected, confusion: { classes, cells }, scores: names = [], curves = 0 }: Expected,
): Fault | undefined {
  const beyond = mistakes.find(({ record, predicted }) => record >= samples || predicted >= classes);
  const what =
    samples !== expected
      ? `${samples} samples told, the part has ${expected}`
      : confusion && confusion.length !== cells
        ? `a confusion matrix of ${confusion.length} cells, expected ${cells}`
        : `${Object.keys(scores).sort()}` !== `${[...names].sort()}`
          ? `scores ${Object.keys(scores).join(', ') || 'none'}, expected ${names.join(', ') || 'none'}`
          : (faultOfPlaces(places, samples, curves) ??
            (beyond &&
              `a mistake of record ${beyond.record}, class ${beyond.predicted}, which there is not`));
  return what === undefined ? undefined : { reason: 'wrongShape', text: `evaluation part ${part}: ${what}` };
}

const neverLeased = (what: string, step: number, node: Node): Fault => ({
  reason: 'unexpected',
  text: `${what} for step ${step}, node ${node}, which was never leased`,
});
