import { describe, expect, it } from 'vitest';
import { credit, mergeTotals, newMember, type Totals } from '../../coordinator/work/members.js';

const measured = (samples: number, computeMs: number, waitMs = 0, turnaroundMs = computeMs) => ({
  samples,
  computeMs,
  waitMs,
  turnaroundMs,
});

describe('a member', () => {
  it('begins without speed or contributions', () => {
    expect(newMember(3, 'anna', 'node', 17)).toMatchObject({
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
    const member = newMember(1, 'anna', 'node', 0);
    credit(member, measured(50, 500));
    expect(member.speed).toBe(100);
    credit(member, measured(50, 250));
    expect(member.speed).toBeCloseTo(120, 10);
    for (let i = 0; i < 40; i++) credit(member, measured(50, 250));
    expect(member.speed).toBeCloseTo(200, 1);
    expect([member.samples, member.contributions]).toEqual([42 * 50, 42]);
  });

  it('has a finite speed though its clock saw no time pass', () => {
    const member = newMember(1, 'anna', 'browser', 0);
    credit(member, measured(10, 0));
    expect(member.speed).toBe(1e6);
  });

  it('spends on the network what is neither computing nor waiting, and never less than nothing', () => {
    const member = newMember(1, 'anna', 'node', 0);
    credit(member, measured(1, 30, 20, 100));
    expect([member.computeMs, member.waitMs, member.networkMs]).toEqual([30, 20, 50]);
    // It may have waited before the lease was made.
    credit(member, measured(1, 30, 500, 100));
    expect(member.networkMs).toBe(0);
  });
});

describe('totals', () => {
  const row = (name: string, engineClass: string, samples: number): Totals => ({
    name,
    kind: 'node',
    engine: engineClass.split('@')[0]!,
    engineClass,
    samples,
    contributions: 1,
  });

  it('have one row for each name, kind and engine class', () => {
    const into = [row('anna', 'wasm@1', 10), row('ben', 'wasm@1', 5)];
    const from = [row('anna', 'wasm@1', 7), row('anna', 'cpu@1', 2)];
    const merged = mergeTotals(into, from);
    expect(merged).toEqual([
      { ...row('anna', 'wasm@1', 17), contributions: 2 },
      row('ben', 'wasm@1', 5),
      row('anna', 'cpu@1', 2),
    ]);
    // Nothing that was given has changed.
    expect(into[0]!.samples).toBe(10);
  });

  it('do not confuse names that contain separators', () => {
    expect(mergeTotals([row('a","node', 'x', 1)], [row('a', 'x', 1)])).toHaveLength(2);
  });
});
