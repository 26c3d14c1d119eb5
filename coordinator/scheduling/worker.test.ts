import { describe, expect, it } from 'vitest';
import { Worker } from './worker.js';

const measured = (samples: number, computeMs: number, waitMs = 0, turnaroundMs = computeMs) => ({
  samples,
  computeMs,
  waitMs,
  turnaroundMs,
});

describe('a worker', () => {
  it('begins without speed or contributions', () => {
    expect(new Worker({ id: 3, name: 'anna', kind: 'node' }, 17)).toMatchObject({
      id: 3,
      name: 'anna',
      kind: 'node',
      state: 'joining',
      lastHeard: 17,
      samples: 0,
      contributions: 0,
      speed: undefined,
    });
  });

  it('has the speed of its first contribution, then one that follows the newest by a fifth', () => {
    const worker = new Worker({ id: 1, name: 'anna', kind: 'node' }, 0);
    worker.credit(measured(50, 500));
    expect(worker.speed).toBe(100);
    worker.credit(measured(50, 250));
    expect(worker.speed).toBeCloseTo(120, 10);
    for (let i = 0; i < 40; i++) worker.credit(measured(50, 250));
    expect(worker.speed).toBeCloseTo(200, 1);
    expect([worker.samples, worker.contributions]).toEqual([42 * 50, 42]);
  });

  it('has a finite speed though its clock saw no time pass', () => {
    const worker = new Worker({ id: 1, name: 'anna', kind: 'browser' }, 0);
    worker.credit(measured(10, 0));
    expect(worker.speed).toBe(1e6);
  });

  it('spends on the network what is neither computing nor waiting, and never less than nothing', () => {
    const worker = new Worker({ id: 1, name: 'anna', kind: 'node' }, 0);
    worker.credit(measured(1, 30, 20, 100));
    expect([worker.computeMs, worker.waitMs, worker.networkMs]).toEqual([30, 20, 50]);
    // It may have waited before the lease was made.
    worker.credit(measured(1, 30, 500, 100));
    expect(worker.networkMs).toBe(0);
  });
});
