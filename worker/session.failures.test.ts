import { describe, expect, it } from 'vitest';
import { CLOSE } from '../shared/protocol/close-codes.js';
import { encode } from '../shared/protocol/codec.js';
import type { WorkerEvent } from '../shared/status/worker-events.js';
import { HASH, WELCOME } from '../test/support/fixtures/welcome.js';
import { MemoryCache } from './data/object-cache.js';
import { Participation, type ParticipationOptions } from './participation.js';

/** A worker whose connections and waits are told by the test, and that can never fetch what it is to compute. */
function participationOf(
  options: Pick<ParticipationOptions, 'dial' | 'wait'> & Partial<ParticipationOptions>,
): Participation {
  return new Participation({
    joining: { name: 'anna', kind: 'node' },
    address: 'http://coordinator',
    material: {
      engine: 'auto',
      startCompute: async () => {
        throw new Error('nothing is computed here');
      },
      cache: new MemoryCache(0),
      fetchObject: async () => {
        throw new Error('the disk is broken');
      },
      sha256: async () => HASH,
    },
    tell: () => undefined,
    ...options,
  });
}

const SOCKET = { send: () => undefined, sendFrame: () => undefined, bufferedBytes: () => 0 };

/** A worker that is welcome. @param dials how many times it may come */
function brokenWorker(dials: number) {
  const waits: number[] = [];
  const stop = new AbortController();
  const participation = participationOf({
    dial(events) {
      if (--dials < 0) stop.abort();
      queueMicrotask(() => {
        events.opened();
        events.received(encode(WELCOME));
      });
      return {
        socket: SOCKET,
        close: (code, reason) => queueMicrotask(() => events.closed(code, reason)),
      };
    },
    wait: async (ms) => void waits.push(ms),
  });
  return { waits, run: () => participation.run(stop.signal) };
}

describe('a worker that fails again and again', () => {
  it('comes back later each time, and gives up in the end with the reason', async () => {
    const { waits, run } = brokenWorker(100);
    await expect(run()).rejects.toThrow(/^gave up after 8 failures in a row: .*the disk is broken/);
    expect(waits).toHaveLength(7);
    // Half of it is jitter.
    expect(waits.at(-1)).toBeGreaterThanOrEqual(15_000);
    expect(waits.at(-1)).toBeLessThanOrEqual(30_000);
  });

  it('has as many tries again when it is asked again', async () => {
    const { waits, run } = brokenWorker(100);
    await expect(run()).rejects.toThrow('gave up');
    await expect(run()).rejects.toThrow('gave up');
    expect(waits).toHaveLength(14);
  });
});

describe('a worker whose coordinator never comes back', () => {
  /** Time passes only while it waits. @param answers which of its connections are opened, before they are lost */
  function lonely(
    giveUpAfterMs: number | undefined,
    answers: (dial: number) => boolean,
    tell: (event: WorkerEvent) => void = () => undefined,
  ) {
    let time = 0;
    let dials = 0;
    const stop = new AbortController();
    const participation = participationOf({
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
      clock: { now: () => time },
      tell,
      dial(events) {
        const opens = answers(dials++);
        if (dials === 1000) stop.abort();
        queueMicrotask(() => {
          if (opens) events.opened();
          events.closed(1006, 'connection refused');
        });
        return { socket: SOCKET, close: () => undefined };
      },
      wait: async (ms) => void (time += ms),
    });
    return { run: () => participation.run(stop.signal), now: () => time, dials: () => dials };
  }

  it('gives up after the time that it was told, and says whom it has missed for how long', async () => {
    const { run, now } = lonely(10_000, () => false);
    await expect(run()).rejects.toThrow(
      'gave up: no coordinator at http://coordinator for 10 s (connection refused)',
    );
    expect(now()).toBe(10_000);
  });

  it('counts anew from every connection that it lost', async () => {
    const { run, now } = lonely(10_000, (dial) => dial === 3);
    await expect(run()).rejects.toThrow('gave up');
    expect(now()).toBeGreaterThan(10_000);
  });

  it('tells of each connection that opened or ended, in fields and in words', async () => {
    const events: WorkerEvent[] = [];
    const { run } = lonely(
      1_000,
      (dial) => dial === 0,
      (event) => events.push(event),
    );
    await expect(run()).rejects.toThrow('gave up');
    const ended = {
      type: 'disconnected',
      address: 'http://coordinator',
      code: 1006,
      reason: 'connection refused',
    };
    expect(events[0]).toEqual({
      ...{ type: 'connected', address: 'http://coordinator', text: 'connected to http://coordinator' },
    });
    expect(events[1]).toMatchObject({ ...ended, wasConnected: true, retryMs: expect.any(Number) });
    expect(events[2]).toMatchObject({
      ...ended,
      wasConnected: false,
      text: expect.stringMatching(/^no coordinator/),
    });
  });

  it('otherwise asks for ever', async () => {
    const { run, dials } = lonely(undefined, () => false);
    await expect(run()).resolves.toMatchObject({ why: 'stopped' });
    expect(dials()).toBe(1000);
  });
});

describe('a worker whose token has expired by the clock of its coordinator', () => {
  /** Time passes only while it waits. @param ends how connection number `dial` ends */
  function expired(ends: (dial: number) => number) {
    let time = 0;
    let dials = 0;
    const participation = participationOf({
      clock: { now: () => time },
      dial(events) {
        const code = ends(dials++);
        queueMicrotask(() => {
          events.opened();
          events.closed(code, 'its token has expired');
        });
        return { socket: SOCKET, close: () => undefined };
      },
      wait: async (ms) => void (time += ms),
    });
    return {
      run: () => participation.run(new AbortController().signal),
      now: () => time,
      dials: () => dials,
    };
  }

  it('comes back, and goes on when the clock is put back', async () => {
    const { run, now } = expired((dial) => (dial < 20 ? CLOSE.expired.code : CLOSE.finished.code));
    await expect(run()).resolves.toMatchObject({ samples: 0 });
    // It does not hammer.
    expect(now()).toBeGreaterThanOrEqual(20 * 5000);
  });

  it('ends after ten minutes, with the reason', async () => {
    const { run, now, dials } = expired(() => CLOSE.expired.code);
    await expect(run()).rejects.toThrow('the coordinator refused this worker: its token has expired');
    expect(now()).toBeGreaterThanOrEqual(600_000);
    expect(dials()).toBeLessThanOrEqual(122);
  });

  it('has all of its patience again after another end', async () => {
    const { run, now } = expired((dial) => (dial === 60 ? 1006 : CLOSE.expired.code));
    await expect(run()).rejects.toThrow('its token has expired');
    expect(now()).toBeGreaterThan(900_000);
  });
});
