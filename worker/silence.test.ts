import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encode } from '../shared/protocol/codec.js';
import type { ConnectionEvents } from './connection.js';
import { MemoryCache } from './data/object-cache.js';
import { Participation } from './participation.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A worker whose connections are in the test's hands. */
function worker() {
  const stop = new AbortController();
  const dialled: ConnectionEvents[] = [];
  const lost: string[] = [];
  const never = () => {
    throw new Error('nothing is fetched or computed here');
  };
  const participation = new Participation({
    joining: { name: 'anna', kind: 'node' },
    address: 'http://coordinator',
    dial(events) {
      dialled.push(events);
      const socket = { send: () => undefined, sendFrame: () => undefined, bufferedBytes: () => 0 };
      return { socket, close: () => undefined };
    },
    material: {
      engine: 'auto',
      startCompute: never,
      cache: new MemoryCache(0),
      fetchObject: never,
      sha256: never,
    },
    wait: async () => undefined,
    tell: () => undefined,
    watcher: {
      connected: () => undefined,
      welcomed: () => undefined,
      prepared: () => undefined,
      progressed: () => undefined,
      lost: (why) => lost.push(why),
    },
  });
  const over = participation.run(stop.signal);
  return { dialled, lost, over, stop };
}

const PROGRESS = encode({ type: 'progress', step: 0, steps: 1, loss: null, samples: 0, samplesTrained: 0 });

describe('a worker whose coordinator vanished without closing', () => {
  it('makes a new connection after half a minute of silence', async () => {
    const { dialled, lost } = worker();
    dialled[0]!.opened();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(dialled).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(dialled).toHaveLength(2);
    expect(lost).toEqual(['nothing was heard for 30 s']);
  });

  it('stays as long as something is heard now and then', async () => {
    const { dialled } = worker();
    dialled[0]!.opened();
    for (let second = 0; second < 100; second += 20) {
      await vi.advanceTimersByTimeAsync(20_000);
      dialled[0]!.received(PROGRESS);
    }
    expect(dialled).toHaveLength(1);
  });

  it('counts no time in which it stood still itself', async () => {
    const { dialled } = worker();
    dialled[0]!.opened();
    // A stopped process, or a suspended machine: the clock goes on, its timers do not.
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(dialled).toHaveLength(1);
  });
});
