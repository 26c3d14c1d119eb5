import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditProbability, StepDraws } from './audit-sampling.js';

const secret = new Uint8Array(32).fill(9);
const isDrawn = (step: number, streak: number, floor: number, identity = 'anna', by = secret) =>
  new StepDraws(by, step, floor, () => streak).isAudited(identity);
const share = (streak: number, floor: number, steps = 4000) =>
  Array.from({ length: steps }, (_, step) => isDrawn(step, streak, floor)).filter(Boolean).length / steps;

describe('the probability of an audit', () => {
  it('is 1 for a newcomer, then one in as many as it has passed, down to the floor', () => {
    expect([0, 1, 9].map((streak) => auditProbability(streak, 0.05))).toEqual([1, 1, 1]);
    expect(auditProbability(10, 0.05)).toBe(0.1);
    expect(auditProbability(16, 0.05)).toBe(1 / 16);
    expect(auditProbability(1000, 0.05)).toBe(0.05);
    expect(auditProbability(1000, 1)).toBe(1);
  });

  it('never grows with the streak, and never falls below the floor', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0.001, max: 1, noNaN: true }), (streak, floor) => {
        const [now, next] = [streak, streak + 1].map((passed) => auditProbability(passed, floor));
        expect(next).toBeLessThanOrEqual(now!);
        expect(next).toBeGreaterThanOrEqual(floor);
        expect(now).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a draw', () => {
  it('hits as often as its probability says', () => {
    expect(share(0, 0.05)).toBe(1);
    expect(Math.abs(share(10, 0.05) - 0.1)).toBeLessThan(0.02);
    expect(Math.abs(share(1000, 0.25) - 0.25)).toBeLessThan(0.03);
  });

  it('hits nobody where audits are switched off, newcomers neither', () => {
    expect(share(0, 0)).toBe(0);
    expect(share(1000, 0)).toBe(0);
  });

  it('is the same again for the same step, and another one for another step, identity or secret', () => {
    const drawn = (identity: string, from: number, by = secret) =>
      Array.from({ length: 200 }, (_, at) => Number(isDrawn(from + at, 1000, 0.5, identity, by))).join('');
    expect(drawn('anna', 0)).toBe(drawn('anna', 0));
    const others = [drawn('ben', 0), drawn('anna', 200), drawn('anna', 0, new Uint8Array(32))];
    expect(new Set([drawn('anna', 0), ...others]).size).toBe(4);
  });

  it('is held against the streak of the moment, though it is drawn once', () => {
    let streak = 1000;
    const steps = Array.from({ length: 200 }, (_, step) => new StepDraws(secret, step, 0.05, () => streak));
    const audited = () => steps.filter((draws) => draws.isAudited('anna')).length;
    expect(audited()).toBe(steps.filter((_, step) => isDrawn(step, 1000, 0.05)).length);
    streak = 0;
    expect(audited()).toBe(200);
  });

  it('that has hit once hits to the end of its step, however long the streak becomes meanwhile', () => {
    let streak = 9;
    const draws = new StepDraws(secret, 1, 0.001, () => streak);
    expect(draws.isAudited('anna')).toBe(true);
    streak = 1000;
    expect(draws.isAudited('anna')).toBe(true);
    expect(draws.isAudited('ben')).toBe(false);
  });
});
