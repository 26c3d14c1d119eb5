/** Whatever volunteers send: what counts is what honest workers compute, bit for bit. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CLOSE } from '../../shared/protocol/close-codes.js';
import { LIES, type LiarsOptions, type Participant, swarmOfLiars } from '../support/swarm-of-liars.js';

// Chunks of 16 elements in place of 131,072: gradients of many chunks, more than the window, stay small.
vi.mock('../../shared/chunk-size.js', () => ({ CHUNK_ELEMENTS: 16 }));

const honest = (count: number, role: Participant['role'] = 'volunteer'): Participant[] =>
  Array.from({ length: count }, (_, i) => ({ name: `honest ${role} ${i}`, role }));

const base = { steps: 6, shards: 4, auditRate: 1 } satisfies Partial<LiarsOptions>;
const reference = (more: Partial<LiarsOptions> = {}) =>
  swarmOfLiars({ ...base, auditRate: 0, participants: honest(1, 'worker'), ...more });

describe('volunteers that are all audited', { timeout: 60_000 }, () => {
  it('cannot change a bit of the weights, whoever lies how, and whoever audits', async () => {
    const expected = await reference();
    const lies = Object.entries(LIES);
    const mixes = fc.record({
      honestVolunteers: fc.integer({ min: 0, max: 3 }),
      trusted: fc.integer({ min: 0, max: 2 }),
      liars: fc.array(fc.constantFrom(...lies), { maxLength: 4 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(mixes, async ({ honestVolunteers, trusted, liars, seed }) => {
        // Somebody must be left to compute.
        fc.pre(honestVolunteers + trusted > 0);
        const participants = [
          ...honest(honestVolunteers),
          ...honest(trusted, 'worker'),
          ...liars.map(
            ([how, lie], i): Participant => ({ name: `liar ${i} ${how}`, role: 'volunteer', lie }),
          ),
        ];
        const run = await swarmOfLiars({ ...base, participants, seed });
        expect(run.weights).toEqual(expected.weights);
        expect(run.losses).toEqual(expected.losses);
        expect(run.counters.counted).toBe(base.steps * base.shards);
        const credited = run.totals.reduce((sum, { samples }) => sum + samples, 0);
        expect(credited).toBe(base.steps * 16);
        for (const { name } of participants.filter(({ lie }) => !lie)) {
          expect(run.closed.get(name), name).toBeUndefined();
        }
        expect(run.audits.passed + run.audits.failed).toBe(run.audits.made);
        expect(run.audits.banned.map(({ name }) => name).every((name) => name.startsWith('liar'))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each(Object.entries(LIES))('are banned with what was off: one that %s', async (how, lie) => {
    const liar: Participant = { name: 'liar', role: 'volunteer', lie };
    const run = await swarmOfLiars({ ...base, participants: [...honest(2), liar] });
    expect(run.closed.get('liar')).toMatchObject({ code: CLOSE.banned.code });
    expect(run.audits).toMatchObject({ failed: 1, banned: [{ identity: 'liar', name: 'liar' }] });
    expect(run.audits.banned[0]!.why).toMatch(/node \d+, recomputed by coordinator: .+/);
    expect(run.events.filter(({ type }) => type === 'banned')).toHaveLength(1);
    expect((await reference()).weights, how).toEqual(run.weights);
  });

  it('are checked by the coordinator where no trusted worker is', async () => {
    const run = await swarmOfLiars({ ...base, participants: honest(2) });
    expect(run.audits.made).toBe(run.recomputed.length);
    expect(run.audits.made).toBeGreaterThanOrEqual(base.steps);
  });

  it('are checked by trusted workers where the coordinator has no engine', async () => {
    const liar: Participant = { name: 'liar', role: 'volunteer', lie: LIES['changes one bit']! };
    const participants = [...honest(3), ...honest(1, 'worker'), liar];
    const run = await swarmOfLiars({ ...base, shards: 16, participants, own: false });
    expect(run.audits.passed).toBeGreaterThan(0);
    expect(run.audits.banned[0]!.why).toMatch(/recomputed by honest worker 0/);
    expect(run.weights).toEqual((await reference({ shards: 16 })).weights);
  });

  it('are credited for what was found right, and nobody else', async () => {
    const run = await swarmOfLiars({ ...base, participants: honest(1) });
    expect(run.totals).toMatchObject([{ name: 'honest volunteer 0', samples: base.steps * 16 }]);
  });
});

describe('a volunteer that is banned', { timeout: 60_000 }, () => {
  it('is credited for what it was found right in before, though it is counted only now', async () => {
    // Sent away while chunks of its accepted work still wait for the window to open: so in a third of the seeds.
    for (let seed = 0; seed < 40; seed++) {
      const liars = ['is honest at first', 'is honest at first', 'turns the sign'].map(
        (how, i): Participant => ({ name: `liar ${i}`, role: 'volunteer', lie: LIES[how]! }),
      );
      const run = await swarmOfLiars({ ...base, participants: [...honest(1), ...liars], seed });
      const credited = run.totals.reduce((sum, { samples }) => sum + samples, 0);
      expect(credited, `seed ${seed}`).toBe(base.steps * 16);
    }
  });
});

describe('volunteers of another engine class than their auditor', { timeout: 60_000 }, () => {
  it('pass with other roundings, and their own bits count', async () => {
    const participants = honest(2).map((volunteer) => ({ ...volunteer, engineClass: 'toy@2' }));
    const audited = await swarmOfLiars({ ...base, participants });
    const unseen = await swarmOfLiars({ ...base, participants, auditRate: 0 });
    expect(audited.audits).toMatchObject({ failed: 0, doubtful: 0, banned: [] });
    expect(audited.audits.passed).toBeGreaterThan(0);
    expect(audited.weights).toEqual(unseen.weights);
  });

  it.each(['turns the sign', 'multiplies by -1000', 'sends zeros', 'tells another loss'])(
    'are banned for what no rounding does: one that %s',
    async (how) => {
      const liar: Participant = { name: 'liar', role: 'volunteer', lie: LIES[how]!, engineClass: 'toy@2' };
      const run = await swarmOfLiars({ ...base, participants: [...honest(2), liar] });
      expect(run.closed.get('liar')).toMatchObject({ code: CLOSE.banned.code });
      expect(run.audits.banned[0]!.why).toMatch(/off by .* % in .*toy@2 beside toy@1/);
    },
  );

  it('are banned for a doubtful result only the second time in a row', async () => {
    const shifted: Participant = {
      name: 'shifted',
      role: 'volunteer',
      engineClass: 'toy@2',
      lie: (gradient) => {
        for (let i = 0; i < gradient.length; i++) gradient[i]! *= 1.2;
        return undefined;
      },
    };
    const run = await swarmOfLiars({ ...base, participants: [...honest(1), shifted] });
    expect(run.audits).toMatchObject({ doubtful: 2, banned: [{ name: 'shifted' }] });
    expect(run.weights).toEqual((await reference()).weights);
  });
});

describe('who is audited', { timeout: 60_000 }, () => {
  const long = { ...base, steps: 60, shards: 1, participants: honest(1) };

  it('is a newcomer always, and then the less the longer it was right, down to the floor', async () => {
    const { audits } = await swarmOfLiars({ ...long, auditRate: 0.05 });
    expect(audits.made).toBeGreaterThanOrEqual(10);
    expect(audits.made).toBeLessThan(30);
    expect((await swarmOfLiars({ ...long, auditRate: 0.5 })).audits.made).toBeGreaterThan(25);
  });

  it('hangs on a secret, which never changes the weights', async () => {
    const runs = await Promise.all(
      [1, 2, 3].map((byte) =>
        swarmOfLiars({ ...long, auditRate: 0.3, secret: new Uint8Array(32).fill(byte) }),
      ),
    );
    expect(new Set(runs.map(({ recomputed }) => recomputed.join())).size).toBe(3);
    for (const { weights } of runs) expect(weights).toEqual(runs[0]!.weights);
  });

  it('is nobody without audits', async () => {
    const { audits } = await swarmOfLiars({ ...long, auditRate: 0 });
    expect(audits.made).toBe(0);
  });
});
