/**
 * What workers answer: to the phase in hand, or to a lease that was taken back meanwhile, which tells how fast they are
 * and counts nothing.
 */
import type { CloseReason } from '../../../shared/protocol/close-codes.js';
import type { Frame } from '../../../shared/protocol/frame.js';
import type * as m from '../../../shared/protocol/messages.js';
import { evaluatedBytes, MAX_CONTROL_BYTES } from '../../../shared/protocol/sizes.js';
import type { CanceledLease, Worker } from '../../scheduling/worker.js';
import { notHeld } from './phase.js';
import type { PhaseInHand } from './phase-in-hand.js';

/** Sends a worker away, with its reason. */
export type Refuse = (worker: Worker, reason: CloseReason, text: string) => void;

export class Answers {
  /** @param confusionCells counts that may come with an evaluation; @param places on curves, of the largest part */
  constructor(
    private readonly inHand: PhaseInHand,
    private readonly refuse: Refuse,
    private readonly now: () => number,
    private readonly confusionCells: number,
    private readonly places = 0,
  ) {}

  contribution(worker: Worker, message: m.Contribution): void {
    if (this.late(worker, 'node', message.step, message.node, message)) return;
    this.inHand.hear({ type: 'contribution', worker, message });
  }

  frame(worker: Worker, frame: Frame): void {
    if (!worker.framed())
      return this.refuse(worker, 'unexpected', 'a frame more than all of its leases have asked for');
    this.inHand.hear({ type: 'frame', worker, frame });
  }

  evaluated(worker: Worker, message: m.Evaluated): void {
    if (this.late(worker, 'part', message.version, message.part, message)) return;
    if (this.inHand.isThere) this.inHand.hear({ type: 'evaluated', worker, message });
    else this.refuse(worker, 'unexpected', notHeld(message));
  }

  /** Bytes of the longest control message that the worker has reason to send now. */
  longestFrom({ parts, canceledLeases }: Worker): number {
    const evaluates = parts > 0 || canceledLeases.some(({ kind }) => kind === 'part');
    return evaluates ? evaluatedBytes(this.confusionCells, this.places) : MAX_CONTROL_BYTES;
  }

  /** The worker has let go of what was taken back from it. */
  dropped(worker: Worker, message: m.Dropped): void {
    const { step, node, part } = message;
    const canceled = worker.acknowledge(node === undefined ? 'part' : 'node', step, node ?? part ?? -1);
    if (canceled) worker.refresh(false, this.now());
    else this.inHand.hear({ type: 'dropped', worker, message });
  }

  /**
   * Whether the answer is to a lease that was taken back: it tells how fast the worker is, by as much as it had
   * computed when it heard of it, and counts nothing.
   */
  private late(
    worker: Worker,
    kind: CanceledLease['kind'],
    step: number,
    index: number,
    answer: { samples: number; computeMs: number },
  ): boolean {
    const canceled = worker.acknowledge(kind, step, index);
    if (!canceled) return false;
    const now = this.now();
    const samples = Math.min(answer.samples, canceled.samples);
    const turnaroundMs = now - canceled.since;
    const computeMs = Math.min(answer.computeMs, turnaroundMs);
    if (samples > 0) worker.delivered(true);
    if (kind === 'node' && samples > 0) worker.measure({ samples, computeMs, turnaroundMs });
    worker.refresh(false, now);
    return true;
  }
}
