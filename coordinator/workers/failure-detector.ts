/** Finds workers to remove, and why: those that are silent, do not read, or never answer or get ready. */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type { ObjectBytes } from '../../shared/protocol/messages.js';
import { isFresh, isSilent, type LeaseTimes, leaseExpired, loadsTooLong } from '../scheduling/deadlines.js';
import type { Worker, WorkerState } from '../scheduling/worker.js';
import type { Connection, Peer } from './peer.js';

/** More than this never waits for a worker: weights are held back at 1 MiB, the rest is a few bytes each. */
const MOST_WAITING_BYTES = 4 << 20;
/** A socket that has taken nothing for so many times `--dead-after` is not being read. */
const PATIENCE_WITH_READERS = 3;
/** Code of a page and its engines, that a tab loads beside the run's objects: more than it is. */
const ENGINE_BYTES = 64 << 20;

/** Bytes that a worker loads before it can take a lease. */
export interface Loads {
  objects: ObjectBytes;
  /** All of a version. */
  weights: number;
}

export class FailureDetector {
  /** How far each worker had read when its socket last moved. */
  private readonly reading = new WeakMap<Peer, { delivered: number; since: number }>();

  /** Bytes that a worker loads in a state, before it comes to the next. */
  private readonly loads: Partial<Record<WorkerState, number>>;

  constructor(
    private readonly deadAfterMs: number,
    { objects, weights }: Loads,
  ) {
    const fetched = Object.values(objects).reduce((sum, bytes) => sum + bytes, ENGINE_BYTES);
    this.loads = { joining: fetched, syncing: weights };
  }

  /**
   * To be called regularly. Returns undefined for a worker that may stay.
   * @param promised what its leases may be expected to take
   */
  verdict(
    now: number,
    { worker, peer }: Pick<Connection, 'worker' | 'peer'>,
    promised: (worker: Worker) => Pick<LeaseTimes, 'speed' | 'isTrusted'>,
  ): { reason: CloseReason; text: string } | undefined {
    const silence = isSilent(now, worker.lastHeard, this.deadAfterMs);
    if (silence) return { reason: 'silent', text: silence };
    const stuck = this.isNotReading(now, peer);
    if (stuck) return { reason: 'notReading', text: stuck };
    const load = this.loads[worker.state];
    const unready = load === undefined ? undefined : loadsTooLong(now, worker.loadingSince, load);
    if (unready) return { reason: 'notReady', text: unready };
    const late = worker.canceledLeases
      .filter(({ since }) => !isFresh(now, since))
      .map(({ since, samples }) => leaseExpired(now, { since, samples, ...promised(worker) }))
      .find(Boolean);
    return late ? { reason: 'leaseExpired', text: late } : undefined;
  }

  private isNotReading(now: number, peer: Peer): string | undefined {
    const waiting = peer.bufferedBytes();
    if (waiting > MOST_WAITING_BYTES) return `${waiting} bytes wait for it`;
    const delivered = peer.delivered?.() ?? 0;
    const before = this.reading.get(peer);
    if (waiting === 0 || !before || before.delivered !== delivered) {
      this.reading.set(peer, { delivered, since: now });
      return undefined;
    }
    const stuckMs = now - before.since;
    if (stuckMs <= PATIENCE_WITH_READERS * this.deadAfterMs) return undefined;
    return `its socket has taken nothing for ${Math.round(stuckMs / 1000)} s, ${waiting} bytes wait`;
  }
}
