/** The phase that all workers are busy with, or none; and what becomes of it where something of ours breaks. */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type { RunEvent } from '../../shared/status/events.js';
import type { Worker } from '../scheduling/worker.js';
import type { Phase, WorkerEvent } from './phase.js';

/** What somebody is told whose message met a defect of ours. */
export const INTERNAL = 'the coordinator failed at a message of this connection: its log tells more';

/** Defects that are told of, of all that may come. */
const MOST_DEFECTS = 100;

export class PhaseInHand {
  private phase: Phase | undefined;
  private readonly defects = new Defects();

  constructor(
    private readonly refuse: (worker: Worker, reason: CloseReason, text: string) => void,
    private readonly tell: (event: RunEvent) => void,
  ) {}

  get isThere(): boolean {
    return this.phase !== undefined;
  }

  begin(phase: Phase | undefined): void {
    this.phase = phase;
  }

  hear(event: WorkerEvent): void {
    this.phase?.hear(event);
  }

  /** Time has passed. */
  passed(type: 'tick' | 'sweep'): void {
    this.guard(undefined, () => this.hear({ type }));
  }

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
    const text = this.defects.tellOnce(error, worker !== undefined);
    if (text) this.tell({ type: 'warning', text });
    try {
      if (worker) this.refuse(worker, 'internal', INTERNAL);
      this.hear({ type: 'recover' });
    } catch (again) {
      this.phase?.fail(again);
    }
  }
}

/** Defects of ours that messages met: each is a line of the log once, however often it comes. */
class Defects {
  private readonly told = new Set<string>();

  /** @returns what is to be told of it; undefined where that has been told, or enough of others */
  tellOnce(error: unknown, isOfWorker: boolean): string | undefined {
    const where = isOfWorker ? 'a message of a worker, which it sent away' : 'what followed from a message';
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const text = `the coordinator failed at ${where}; please report this: ${what.split(/\s*\n\s*/).join(' ')}`;
    if (this.told.has(text) || this.told.size >= MOST_DEFECTS) return undefined;
    this.told.add(text);
    return text;
  }
}
