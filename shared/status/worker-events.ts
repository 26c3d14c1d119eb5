/**
 * What a worker tells of itself where it runs, as the events of a run (events.ts): fields for programs, and `text`, one
 * line for people that says the same.
 */
import type { Level } from './events.js';

/** What can happen to a worker, with what belongs to it. */
export type WorkerHappening =
  /** A connection is open. */
  | { type: 'connected'; address: string }
  /** `reason`: why this engine, and with which threads. */
  | { type: 'engine'; engine: string; engineClass: string; reason: string }
  /** No connection is open any more, or none could be opened; `code`: with which it was closed. */
  | {
      type: 'disconnected';
      address: string;
      code: number;
      reason: string;
      wasConnected: boolean;
      /** Milliseconds until the next attempt. */
      retryMs: number;
    }
  /** What only words tell. */
  | { type: 'warning'; text: string };

/** What happened to a worker, with a sentence for people. */
export type WorkerEvent = WorkerHappening & { text: string };

/** Puts into words what its fields say. */
export const toldByWorker = (happening: WorkerHappening): WorkerEvent => ({
  ...happening,
  text: textOf(happening),
});

export const levelOfWorkerEvent = ({ type }: WorkerEvent): Level => (type === 'warning' ? 'warning' : 'info');

function textOf(event: WorkerHappening): string {
  switch (event.type) {
    case 'connected':
      return `connected to ${event.address}`;
    case 'engine':
      return `engine ${event.reason}`;
    case 'disconnected': {
      const { address, reason, wasConnected, retryMs } = event;
      const what = wasConnected ? `connection to ${address} lost` : `no coordinator answers at ${address}`;
      return `${what} (${reason}); trying again in ${(retryMs / 1000).toFixed(1)} s`;
    }
    case 'warning':
      return event.text;
  }
}
