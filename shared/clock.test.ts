import { describe, expect, it } from 'vitest';
import { awakeClock } from './clock.js';

describe('a clock that only runs while the process is awake', () => {
  it('does not see jumps of an hour, forward or back', () => {
    let time = 5_000;
    const clock = awakeClock({ now: () => time });
    const began = clock.now();
    time += 100;
    expect(clock.now() - began).toBe(100);
    time += 3_600_000;
    expect(clock.now() - began).toBeLessThanOrEqual(200);
    time -= 7_200_000;
    const after = clock.now() - began;
    expect(after).toBeLessThanOrEqual(200);
    time += 50;
    expect(clock.now() - began).toBe(after + 50);
  });
});
