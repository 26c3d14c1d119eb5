import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectedMs,
  inAll,
  isFresh,
  isSilent,
  leaseExpired,
  loadsTooLong,
  patienceMs,
  promised,
  sortedSpeeds,
} from './deadlines.js';

describe('what a lease may take before it is late', () => {
  const leases = (count: number, ms: number, samples = 16) =>
    Array.from({ length: count }, () => ({ samples, computeMs: ms, turnaroundMs: ms }));

  it('is told by three leases of its worker, and by those of all while it has fewer', () => {
    expect(expectedMs(16, leases(3, 100), leases(3, 1000))).toBe(150);
    expect(expectedMs(16, leases(2, 100), leases(3, 1000))).toBe(3000);
    expect(expectedMs(16, leases(2, 100), leases(2, 1000))).toBeUndefined();
  });

  it('has a margin of 20 ms at least', () => {
    expect(expectedMs(16, leases(3, 10), [])).toBe(30);
    expect(expectedMs(16, leases(3, 100), [])).toBe(150);
  });

  it('takes a lease without samples for one of one sample', () => {
    expect(expectedMs(2, leases(3, 100, 0), [])).toBe(300);
  });

  it('follows a history as it grows, and the samples that are asked for', () => {
    const history = leases(3, 100);
    expect([expectedMs(16, history, []), expectedMs(16, history, [])]).toEqual([150, 150]);
    expect([expectedMs(32, history, []), expectedMs(16, history, [])]).toEqual([300, 150]);
    history.push(...leases(4, 1000));
    expect(expectedMs(16, history, [])).toBe(1500);
  });

  it('is as much again for all of it together', () => {
    expect(inAll(150)).toBe(300);
  });
});

describe('a lease', () => {
  it('of a newcomer runs out after a minute, with the reason', () => {
    const lease = { since: 1000, samples: 1e6, speed: undefined, isTrusted: false };
    expect(leaseExpired(61_000, lease)).toBeUndefined();
    expect(leaseExpired(61_001, lease)).toBe('no contribution 60 s after its lease (allowed: 60 s)');
  });

  it('of a newcomer runs out after ten minutes in a round, whose many updates take their time', () => {
    const lease = { since: 1000, samples: 1e6, speed: undefined, isTrusted: false, isRound: true };
    expect(leaseExpired(601_000, lease)).toBeUndefined();
    expect(leaseExpired(601_001, lease)).toContain('(allowed: 600 s)');
    // Once it is measured, as elsewhere.
    expect(leaseExpired(61_001, { ...lease, samples: 100, speed: 1e6 })).toBeDefined();
  });

  it('of a slow worker runs out after twenty times what its speed promises', () => {
    // 100 samples at 10 a second: 10 s.
    const lease = { since: 0, samples: 100, speed: 10, isTrusted: false };
    expect(leaseExpired(200_000, lease)).toBeUndefined();
    expect(leaseExpired(200_001, lease)).toBe('no contribution 200 s after its lease (allowed: 200 s)');
    // From when it was made.
    expect(leaseExpired(200_001, { ...lease, since: 1 })).toBeUndefined();
    expect(leaseExpired(200_002, { ...lease, since: 1 })).toBeDefined();
  });

  it('of a fast worker has a minute all the same', () => {
    const lease = { since: 0, samples: 100, speed: 1e6, isTrusted: true };
    expect(leaseExpired(60_000, lease)).toBeUndefined();
    expect(leaseExpired(60_001, lease)).toContain('(allowed: 60 s)');
  });
});

describe('a fresh lease', () => {
  it('has not run out yet, whoever holds it', () => {
    expect([isFresh(61_000, 1000), isFresh(61_001, 1000)]).toEqual([true, false]);
    const lease = fc.record({
      ...{ since: fc.nat(1e6), samples: fc.nat(1e6), isTrusted: fc.boolean() },
      speed: fc.option(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { nil: undefined }),
    });
    fc.assert(
      fc.property(lease, fc.nat(60_000), (given, age) => {
        expect(isFresh(given.since + age, given.since)).toBe(true);
        expect(leaseExpired(given.since + age, given)).toBeUndefined();
      }),
    );
  });
});

describe('a lease of somebody who is, or says that it is, very slow', () => {
  const slow = { since: 0, samples: 100, speed: 1e-6 };

  it('runs out after ten minutes', () => {
    expect(leaseExpired(600_000, { ...slow, isTrusted: false })).toBeUndefined();
    expect(leaseExpired(600_001, { ...slow, isTrusted: false })).toContain('(allowed: 600 s)');
  });

  it('runs out after three times what its speed promises where it is trusted', () => {
    // An hour.
    const lease = { since: 0, samples: 100, speed: 1 / 36, isTrusted: true };
    expect(leaseExpired(3 * 3_600_000, lease)).toBeUndefined();
    expect(leaseExpired(3 * 3_600_000 + 1, lease)).toContain('(allowed: 10800 s)');
  });

  it('runs out by what half of the others do where it is a volunteer', () => {
    const speedsOf = (workers: { speed: number | undefined }[]) => () => sortedSpeeds(workers);
    const all = [1, 2, 3, 4].map((id) => ({ speed: id === 1 ? 1e-6 : 10 * id }));
    // Of a newcomer there is nothing to tell.
    const others = [...all, { speed: undefined }];
    expect(promised({ ...all[0]!, role: 'volunteer' }, speedsOf(others))).toEqual({
      speed: 30,
      isTrusted: false,
    });
    expect(promised({ ...all[0]!, role: 'worker' }, speedsOf(all))).toEqual({ speed: 1e-6, isTrusted: true });
    // Alone there is nothing to measure it by, and a newcomer has a minute.
    expect(promised({ ...all[0]!, role: 'volunteer' }, speedsOf(all.slice(0, 1)))).toEqual({
      speed: 1e-6,
      isTrusted: false,
    });
    expect(promised({ speed: undefined, role: 'volunteer' }, speedsOf(all)).speed).toBeUndefined();
  });
});

describe('an idle worker', () => {
  it('lets others go on for twice what it would take itself, and a quarter of a second at least', () => {
    expect(patienceMs(100, { speed: 50, overheadMs: 500 })).toBe(5_000);
    expect(patienceMs(1, { speed: 1000, overheadMs: 1 })).toBe(250);
    expect(patienceMs(0, { speed: 50, overheadMs: 125.5 })).toBe(251);
  });

  it('of which too little is known lets them go on for five seconds', () => {
    expect(patienceMs(1e9, { speed: undefined, overheadMs: undefined })).toBe(5_000);
    expect(patienceMs(1e9, { speed: 50, overheadMs: undefined })).toBe(5_000);
    expect(patienceMs(1e9, { speed: undefined, overheadMs: 1 })).toBe(5_000);
  });
});

describe('a worker', () => {
  it('has ten minutes to load, and twice what the bytes take at 1 Mbit/s', () => {
    expect(loadsTooLong(601_000, 1000, 0)).toBeUndefined();
    expect(loadsTooLong(601_001, 1000, 0)).toBe('not ready 600 s after it began to load (allowed: 600 s)');
    const megabit = 1e6 / 8 / 1000;
    expect(loadsTooLong(600_000 + (2 * 400e6) / megabit, 0, 400e6)).toBeUndefined();
    expect(loadsTooLong(600_001 + (2 * 400e6) / megabit, 0, 400e6)).toContain('(allowed: 7000 s)');
  });

  it('counts as dead when it has been silent for longer than is allowed', () => {
    expect(isSilent(11_000, 1000, 10_000)).toBeUndefined();
    expect(isSilent(11_001, 1000, 10_000)).toBe('silent for 10.0 s');
    expect(isSilent(500, 1000, 10_000)).toBeUndefined();
  });
});
