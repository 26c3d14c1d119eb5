import { describe, expect, it } from 'vitest';
import { isSilent, leaseExpired } from '../../coordinator/work/deadlines.js';

describe('a lease', () => {
  it('of a newcomer runs out after a minute, with the reason', () => {
    const lease = { since: 1000, samples: 1e6, speed: undefined };
    expect(leaseExpired(61_000, lease)).toBeUndefined();
    expect(leaseExpired(61_001, lease)).toBe('no contribution 60 s after its lease (allowed: 60 s)');
  });

  it('of a slow worker runs out after twenty times what its speed promises', () => {
    // 100 samples at 10 a second: 10 s.
    const lease = { since: 0, samples: 100, speed: 10 };
    expect(leaseExpired(200_000, lease)).toBeUndefined();
    expect(leaseExpired(200_001, lease)).toContain('(allowed: 200 s)');
  });

  it('of a fast worker has a minute all the same', () => {
    const lease = { since: 0, samples: 100, speed: 1e6 };
    expect(leaseExpired(60_000, lease)).toBeUndefined();
    expect(leaseExpired(60_001, lease)).toContain('(allowed: 60 s)');
  });
});

describe('a worker', () => {
  it('counts as dead when it has been silent for longer than is allowed', () => {
    expect(isSilent(11_000, 1000, 10_000)).toBeUndefined();
    expect(isSilent(11_001, 1000, 10_000)).toBe('silent for 10.0 s');
    expect(isSilent(500, 1000, 10_000)).toBeUndefined();
  });
});
