import type { Frame } from '../shared/protocol/frame.js';
import type * as m from '../shared/protocol/messages.js';
import type { Worker } from './participants.js';

/** What all workers are busy with: it decides who gets which lease. */
export interface Work {
  /** A worker can take leases from now on. */
  arrived(worker: Worker): void;
  /** A worker is gone: its leases are free. */
  lost(worker: Worker): void;
  contribution(worker: Worker, message: m.Contribution): void;
  frame(worker: Worker, frame: Frame): void;
  evaluated(worker: Worker, message: m.Evaluated): void;
  /** A chunk of the next version is ready. */
  progressed(): void;
  /** Called every few milliseconds: is anything late? */
  look(now: number): void;
  /** Leases that have run out: the worker and the reason. */
  expired(now: number): { worker: Worker; why: string }[];
}
