import { describe, expect, it } from 'vitest';
import { CLOSE } from '../shared/protocol/close-codes.js';
import { type ConnectionEnd, Reconnection } from './reconnection.js';

const LOST: ConnectionEnd = { code: 1006, why: 'lost', wasBroken: false, hasFailed: false, samples: 0 };
const MINUTE_MS = 60_000;

function begun(giveUpAfterMs?: number): Reconnection {
  const reconnection = new Reconnection('http://coordinator', giveUpAfterMs);
  reconnection.begin(0);
  return reconnection;
}

describe('after a connection has ended, a worker', () => {
  it('comes back, later each time up to 3 s, and soon again once a coordinator has answered', () => {
    const reconnection = begun();
    const pause = () => reconnection.after(LOST, 0, 1);
    const pauses = Array.from({ length: 6 }, pause);
    expect(pauses).toEqual([250, 500, 1000, 2000, 3000, 3000].map((afterMs) => ({ next: 'retry', afterMs })));
    reconnection.opened();
    expect(pause()).toEqual({ next: 'retry', afterMs: 250 });
  });

  it('waits half as long at the least: not all come back at once', () => {
    expect(begun().after(LOST, 0, 0)).toEqual({ next: 'retry', afterMs: 125 });
  });

  it('comes back once more just before its patience ends, and then gives up', () => {
    const reconnection = begun(1000);
    expect(reconnection.after(LOST, 990, 1)).toEqual({ next: 'retry', afterMs: 10 });
    expect(reconnection.after(LOST, 1000, 1)).toEqual({
      next: 'give up',
      error: 'gave up: no coordinator at http://coordinator for 1 s (lost)',
    });
  });

  it('has ten minutes of patience with an expired token, counted anew after any other end', () => {
    const expired = { ...LOST, code: CLOSE.expired.code, why: 'expired' };
    const refused = { next: 'give up', error: 'the coordinator refused this worker: expired' };
    const reconnection = begun();
    expect(reconnection.after(expired, 0, 1)).toEqual({ next: 'retry', afterMs: 10_000 });
    expect(reconnection.after(expired, 10 * MINUTE_MS - 1, 1).next).toBe('retry');
    reconnection.after(LOST, 10 * MINUTE_MS, 1);
    expect(reconnection.after(expired, 11 * MINUTE_MS, 1).next).toBe('retry');
    expect(reconnection.after(expired, 21 * MINUTE_MS, 1)).toEqual(refused);
  });

  it('gives up after eight failures in a row, which a result between them ends', () => {
    const failed = { ...LOST, hasFailed: true };
    const reconnection = begun();
    const fail = (times: number) => {
      for (let i = 0; i < times; i++) expect(reconnection.after(failed, 0, 1).next).toBe('retry');
    };
    fail(7);
    expect(reconnection.after({ ...failed, samples: 1 }, 0, 1).next).toBe('retry');
    fail(6);
    expect(reconnection.after(failed, 0, 1)).toEqual({
      next: 'give up',
      error: 'gave up after 8 failures in a row: lost',
    });
  });

  it('is done where the run is over, and does not come back to a coordinator that breaks the protocol', () => {
    expect(begun().after({ ...LOST, code: CLOSE.finished.code }, 0, 1)).toEqual({ next: 'finish' });
    expect(begun().after({ ...LOST, wasBroken: true }, 0, 1).next).toBe('give up');
  });
});
