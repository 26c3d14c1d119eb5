import type { Frame } from '../../../shared/protocol/frame.js';
import type * as m from '../../../shared/protocol/messages.js';
import type { Worker } from '../../scheduling/worker.js';

/** What happens among workers, as the phase in hand hears it. */
export type WorkerEvent =
  /** Can take leases from now on. */
  | { type: 'joined'; worker: Worker }
  /** Is gone: its leases are free. */
  | { type: 'lost'; worker: Worker }
  | { type: 'contribution'; worker: Worker; message: m.Contribution }
  | { type: 'frame'; worker: Worker; frame: Frame }
  | { type: 'evaluated'; worker: Worker; message: m.Evaluated }
  /** Has let go of something that was not taken back from it. */
  | { type: 'dropped'; worker: Worker; message: m.Dropped }
  /** Every few milliseconds: is anything late? */
  | { type: 'tick' }
  /** Now and then: has any lease run out? */
  | { type: 'sweep' }
  /** Something of ours broke in the middle of something: what may have been left undone is to be done again. */
  | { type: 'recover' };

/** What all workers are busy with, a training step or an evaluation: it decides who gets which lease. */
export interface Phase {
  /** @throws Error at `recover`, if it cannot be known what was left undone */
  hear(event: WorkerEvent): void;
  /** It cannot go on: ends it with this error. */
  fail(error: unknown): void;
}

/** What a worker is told that answers a part of an evaluation which it does not hold. */
export const notHeld = ({ part, version }: m.Evaluated): string =>
  `part ${part} of the evaluation of version ${version}, which it does not hold`;
