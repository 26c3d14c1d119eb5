/** Who is sent away, and why: whoever is silent, does not read what it is sent, or never answers. */
import type { CloseReason } from '../shared/protocol/close-codes.js';
import type { Worker } from './participants.js';
import { isSilent, leaseExpired } from './work/deadlines.js';

/** More than this never waits for a worker: weights are held back at 1 MiB, the rest is a few bytes each. */
const MOST_WAITING_BYTES = 4 << 20;
/** A socket that has taken nothing for so many times `--dead-after` is not being read. */
const PATIENCE_WITH_READERS = 3;

export class Watch {
  /** How far each worker had read when its socket last moved. */
  private readonly reading = new WeakMap<Worker, { delivered: number; since: number }>();

  constructor(private readonly deadAfterMs: number) {}

  /** To be called regularly. Returns undefined for a worker that may stay. */
  verdict(now: number, worker: Worker): { reason: CloseReason; text: string } | undefined {
    const silence = isSilent(now, worker.member.lastHeard, this.deadAfterMs);
    if (silence) return { reason: 'silent', text: silence };
    const stuck = this.isNotReading(now, worker);
    if (stuck) return { reason: 'notReading', text: stuck };
    const { owed, speed } = worker.member;
    const late = owed.map(({ since, samples }) => leaseExpired(now, { since, samples, speed })).find(Boolean);
    return late ? { reason: 'leaseExpired', text: late } : undefined;
  }

  private isNotReading(now: number, worker: Worker): string | undefined {
    const { peer } = worker;
    const waiting = peer.bufferedBytes();
    if (waiting > MOST_WAITING_BYTES) return `${waiting} bytes wait for it`;
    const delivered = peer.delivered?.() ?? 0;
    const before = this.reading.get(worker);
    if (waiting === 0 || !before || before.delivered !== delivered) {
      this.reading.set(worker, { delivered, since: now });
      return undefined;
    }
    const stuckMs = now - before.since;
    if (stuckMs <= PATIENCE_WITH_READERS * this.deadAfterMs) return undefined;
    return `its socket has taken nothing for ${Math.round(stuckMs / 1000)} s, ${waiting} bytes wait`;
  }
}
