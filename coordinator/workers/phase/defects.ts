/** What becomes of a run where something of ours breaks. */
import type { RunEvent } from '../../../shared/status/events.js';
import type { Worker } from '../../scheduling/worker.js';
import type { Refuse } from './answers.js';
import type { PhaseInHand } from './phase-in-hand.js';

/** What somebody is told whose message met a defect of ours. */
export const INTERNAL = 'the coordinator failed at a message of this connection: its log tells more';

/** Defects that are told of, of all that may come. */
const MOST_DEFECTS = 100;

export class Defects {
  /** Each is a line of the log once, however often it comes. */
  private readonly told = new Set<string>();

  constructor(
    private readonly inHand: PhaseInHand,
    private readonly refuse: Refuse,
    private readonly tell: (event: RunEvent) => void,
  ) {}

  /** @param worker for which this is done */
  guard(worker: Worker | undefined, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.failed(worker, error);
    }
  }

  /**
   * Something of ours broke where this worker's message was handled, or its weights were sent: a defect, and perhaps
   * what somebody was after. It goes with its leases, what may have been left half done is done again, and the run
   * goes on. It ends only if its numbers may be wrong, and then says so.
   */
  failed(worker: Worker | undefined, error: unknown): void {
    this.tellOnce(error, worker !== undefined);
    try {
      if (worker) this.refuse(worker, 'internal', INTERNAL);
      this.inHand.hear({ type: 'recover' });
    } catch (again) {
      this.inHand.fail(again);
    }
  }

  private tellOnce(error: unknown, isOfWorker: boolean): void {
    const where = isOfWorker ? 'a message of a worker, which it sent away' : 'what followed from a message';
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const text = `the coordinator failed at ${where}; please report this: ${what.split(/\s*\n\s*/).join(' ')}`;
    if (this.told.has(text) || this.told.size >= MOST_DEFECTS) return;
    this.told.add(text);
    this.tell({ type: 'warning', text });
  }
}
