import { describe, expect, it } from 'vitest';
import type { Lease } from '../scheduling/leases/ledger.js';
import { Worker } from '../scheduling/worker.js';
import { BufferedGradient } from '../trust/buffered-gradient.js';
import { type Announced, Incoming, InFlight } from './in-flight.js';

const worker = (id: number) => new Worker({ id, name: `w${id}`, kind: 'node' }, 0);
const leaseOf = (id: number, node: number, since = 0): Lease => ({
  ...{ node, worker: id, since, fromChunk: 0, isBuffered: false },
});

/** Told of at 100, of a lease that could begin at 40. */
const incoming = (change: Partial<Announced> & { computeMs?: number } = {}) => {
  const { computeMs = 10, ...rest } = change;
  const sums = { samples: 4, loss: 1, metric: 0, computeMs, waitMs: 0 };
  return new Incoming({
    worker: worker(1),
    lease: leaseOf(1, 2),
    message: { type: 'contribution', step: 0, node: 2, ...sums },
    begunAt: 40,
    announcedAt: 100,
    chunks: { from: 0, window: 4 },
    buffered: undefined,
    ...rest,
  });
};

describe('what a lease took by its own worker’s doing', () => {
  it('is from where it could begin until it was told of, and the time of its chunks', () => {
    const one = incoming();
    for (const now of [110, 120, 130, 160]) one.took(now);
    expect(one.turnaroundMs(4)).toBe(60 + 60);
  });

  it('is no less than it says that it computed', () => {
    expect(incoming({ computeMs: 70, chunks: { from: 4, window: 4 } }).turnaroundMs(4)).toBe(70);
    expect(incoming({ computeMs: 50, chunks: { from: 4, window: 4 } }).turnaroundMs(4)).toBe(60);
  });

  it('reckons chunks that waited for others at the pace of those that had not to', () => {
    const one = incoming({ chunks: { from: 0, window: 2 } });
    // Two chunks in 20 ms; then the others keep it waiting.
    for (const now of [110, 120, 900, 1900, 1901, 1902]) one.took(now);
    expect(one.turnaroundMs(6)).toBe(60 + 3 * 20);
  });

  it('reckons only chunks that were asked for', () => {
    const one = incoming({ chunks: { from: 2, window: 4 } });
    for (const now of [110, 130, 500]) one.took(now);
    // Three chunks from the third on, two of them in 30 ms.
    expect(one.turnaroundMs(5)).toBe(60 + 45);
  });

  it('has nothing to reckon by where the window was shut from the start', () => {
    for (const window of [1, 2]) {
      const one = incoming({ chunks: { from: 2, window } });
      one.took(500);
      expect(one.turnaroundMs(4)).toBe(60);
    }
  });
});

describe('a worker that had to wait for others', () => {
  it('could begin later by as long as that, once it had sent all that it may', () => {
    const one = incoming({ chunks: { from: 0, window: 2 } });
    expect(one.ownBegin).toBe(40);
    one.took(110);
    one.windowOpened(2, 150);
    expect([one.ownBegin, one.progressAt]).toEqual([40, 110]);
    one.took(160);
    one.windowOpened(2, 200);
    expect([one.ownBegin, one.progressAt]).toEqual([80, 200]);
    one.took(210);
    one.windowOpened(3, 215);
    expect(one.ownBegin).toBe(85);
  });

  it('did not wait where nothing of it counts before all is here', () => {
    const layout = { total: 1, trainable: 1, range: () => ({ start: 0, end: 1 }) };
    const one = incoming({ buffered: new BufferedGradient(layout as never), chunks: { from: 0, window: 0 } });
    one.windowOpened(0, 200);
    expect([one.ownBegin, one.progressAt]).toEqual([40, 100]);
  });
});

describe('contributions on their way', () => {
  it('are found by worker and node, until they are forgotten', () => {
    const flight = new InFlight();
    const [one, two] = [incoming(), incoming({ lease: leaseOf(1, 3) })];
    flight.add(one);
    flight.add(two);
    expect([flight.of(1, 2), flight.of(1, 3), flight.of(1, 4), flight.of(2, 2)]).toEqual([
      ...[one, two, undefined, undefined],
    ]);
    expect([flight.forget(1, 2), flight.forget(1, 2), flight.forget(9, 2)]).toEqual([true, false, false]);
    expect([flight.of(1, 2), flight.of(1, 3)]).toEqual([undefined, two]);
    expect(flight.forget(1, 3)).toBe(true);
    expect(flight.forget(1, 3)).toBe(false);
  });

  it('tell when their worker can begin with the next one', () => {
    const flight = new InFlight();
    expect(flight.begunAt(1, 30)).toBe(30);
    flight.add(incoming());
    expect([flight.begunAt(1, 30), flight.begunAt(1, 130), flight.begunAt(2, 30)]).toEqual([100, 130, 30]);
    flight.forget(1, 2);
    expect(flight.begunAt(1, 30)).toBe(100);
  });

  it('tell when a lease last went on: by its own chunks, else by the end of the one before', () => {
    const flight = new InFlight();
    const one = incoming();
    expect(flight.progressAt(leaseOf(1, 2))).toBeUndefined();
    flight.add(one);
    one.took(120);
    expect(flight.progressAt(leaseOf(1, 2))).toBe(120);
    expect(flight.progressAt(leaseOf(1, 3))).toBe(100);
    expect(flight.progressAt(leaseOf(2, 2))).toBeUndefined();
  });

  it('tell when a lease could begin: without waits for others where it is on its way', () => {
    const flight = new InFlight();
    const one = incoming({ chunks: { from: 0, window: 0 } });
    flight.add(one);
    flight.windowOpened(0, 130);
    expect(flight.ownBegin(leaseOf(1, 2, 30))).toBe(70);
    expect(flight.ownBegin(leaseOf(1, 3, 30))).toBe(100);
    expect(flight.ownBegin(leaseOf(2, 3, 30))).toBe(30);
  });
});
