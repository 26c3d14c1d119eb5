/** The norm bound, where nobody recomputes anything. */
import { describe, expect, it } from 'vitest';
import { NormBound, sizeOf } from '../../../coordinator/trust/norm-bound.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { LIES, type Participant, swarmOfLiars } from '../../support/byzantine/swarm-of-liars.js';
import { tellingTests } from '../../support/simulation/last-events.js';

tellingTests();

const honest = (count: number): Participant[] =>
  Array.from({ length: count }, (_, i) => ({ name: `honest ${i}`, role: 'volunteer' as const }));
/** Less than an epoch and a half: record 21 comes once. */
const base = { steps: 5, shards: 8, auditRate: 0 };

describe('the norm bound', () => {
  const said = (...sizes: number[]) => sizes.map((size, i) => ({ identity: `worker ${i}`, size }));

  it('compares parts of a step with the whole, whatever their size', () => {
    // The mean gradient of the whole step, and of a part of one sixteenth.
    expect(sizeOf(64 * 0.5, 64, 64)).toBe(0.5);
    expect(sizeOf(4 * 2, 4, 64)).toBe(0.5);
  });

  it('is none before there is anything to measure by', () => {
    expect(new NormBound().limit(said(1, 2))).toBe(Number.POSITIVE_INFINITY);
    expect(new NormBound().limit([])).toBe(Number.POSITIVE_INFINITY);
  });

  it('is ten times the median of the latest steps', () => {
    const bound = new NormBound();
    for (const norm of [1, 2, 3, 1000]) bound.stepped(norm);
    expect(bound.limit([])).toBe(25);
    for (let i = 0; i < 32; i++) bound.stepped(0.1);
    expect(bound.limit([])).toBeCloseTo(1, 12);
  });

  it('rises with the step where most of its workers say so, and not where one does', () => {
    const bound = new NormBound();
    bound.stepped(1);
    expect(bound.limit(said(50, 60, 70))).toBe(600);
    expect(bound.limit(said(1, 1, 5000))).toBe(10);
    // One worker with many nodes is one voice.
    expect(bound.limit([50, 60, 70].map((size) => ({ identity: 'one', size })))).toBe(10);
  });
});

describe('a contribution that is far too large', () => {
  it('does not count, from the first step on: others compute the node', async () => {
    const liar: Participant = { name: 'liar', role: 'volunteer', lie: LIES['multiplies by -1000']! };
    const run = await swarmOfLiars({ ...base, participants: [...honest(3), liar] });
    const alone = await swarmOfLiars({ ...base, participants: honest(1) });
    expect(run.closed.get('liar')).toMatchObject({ code: CLOSE.overNorm.code });
    expect(run.closed.get('liar')!.reason).toMatch(/times as large as is allowed/);
    expect(run.audits.overNorm).toBe(1);
    expect(run.counters.rejected).toBeGreaterThan(0);
    expect(run.weights).toEqual(alone.weights);
  });

  it('counts once another worker says the same: then it is the data that is odd, and nobody is banned', async () => {
    const outlier = { record: 21, times: 3000 };
    const run = await swarmOfLiars({ ...base, participants: honest(4), outlier });
    const alone = await swarmOfLiars({ ...base, participants: [{ name: 'one', role: 'worker' }], outlier });
    expect(run.weights).toEqual(alone.weights);
    expect(run.audits).toMatchObject({ overNorm: 1, banned: [] });
  });

  it('is recomputed at once where there are audits, and counts if it is right', async () => {
    const outlier = { record: 21, times: 3000 };
    const run = await swarmOfLiars({ ...base, participants: honest(4), outlier, auditRate: 1e-9 });
    expect(run.audits).toMatchObject({ overNorm: 0, failed: 0, banned: [] });
    const alone = await swarmOfLiars({ ...base, participants: [{ name: 'one', role: 'worker' }], outlier });
    expect(run.weights).toEqual(alone.weights);
  });
});
