import { describe, expect, it } from 'vitest';
import { encode } from '../../shared/protocol/codec.js';
import { MemoryCache } from '../../worker/object-cache.js';
import { Participation, type ParticipationOptions } from '../../worker/participation.js';
import { HASH, WELCOME } from '../support/welcome.js';

/** A worker whose connections and waits are told by the test, and that can never fetch what it is to compute. */
function participationOf(
  options: Pick<ParticipationOptions, 'dial' | 'wait'> & Partial<ParticipationOptions>,
): Participation {
  return new Participation({
    name: 'anna',
    kind: 'node',
    address: 'http://coordinator',
    engine: 'auto',
    startCompute: async () => {
      throw new Error('nothing is computed here');
    },
    cache: new MemoryCache(0),
    fetchObject: async () => {
      throw new Error('the disk is broken');
    },
    sha256: async () => HASH,
    log: () => undefined,
    ...options,
  });
}

const SOCKET = { send: () => undefined, bufferedBytes: () => 0 };

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
  function lonely(giveUpAfterMs: number | undefined, answers: (dial: number) => boolean) {
    let time = 0;
    let dials = 0;
    const stop = new AbortController();
    const participation = participationOf({
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
      clock: { now: () => time },
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

  it('otherwise asks for ever', async () => {
    const { run, dials } = lonely(undefined, () => false);
    await expect(run()).resolves.toMatchObject({ why: 'stopped' });
    expect(dials()).toBe(1000);
  });
});
