/** Whatever volunteers send: what counts is what honest workers compute, bit for bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import {
  LIES,
  type LiarsOptions,
  type Lie,
  type Participant,
  swarmOfLiars,
} from '../../support/byzantine/swarm-of-liars.js';
import { freshSeed } from '../../support/seeds.js';
import { replay, telling } from '../../support/simulation/last-events.js';

const honest = (count: number, role: Participant['role'] = 'volunteer'): Participant[] =>
  Array.from({ length: count }, (_, i) => ({ name: `honest ${role} ${i}`, role }));

const base = { steps: 6, shards: 4, auditRate: 1 } satisfies Partial<LiarsOptions>;
const reference = (more: Partial<LiarsOptions> = {}) =>
  swarmOfLiars({ ...base, auditRate: 0, participants: honest(1, 'worker'), ...more });

describe('volunteers that are all audited', () => {
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
        await telling(replay('audits', freshSeed('FAST_CHECK_SEED')), async () => {
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
          expect(run.audits.banned.map(({ name }) => name).every((name) => name.startsWith('liar'))).toBe(
            true,
          );
        });
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

describe('a volunteer that is banned', () => {
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

describe('volunteers of another engine class than their auditor', () => {
  it('pass with other roundings, are credited, and what was computed again counts', async () => {
    const participants = honest(2).map((volunteer) => ({ ...volunteer, engineClass: 'toy@2' }));
    const audited = await swarmOfLiars({ ...base, participants });
    expect(audited.audits).toMatchObject({ failed: 0, doubtful: 0, unseen: 0, banned: [] });
    expect(audited.audits.passed).toBeGreaterThan(0);
    expect(audited.audits.replaced).toBe(audited.audits.passed);
    expect(audited.weights).toEqual((await reference()).weights);
    expect(audited.totals.every(({ engineClass }) => engineClass === 'toy@2')).toBe(true);
  });

  it('cannot plant anything, however close to the truth they lie', async () => {
    const push: Lie = (gradient) => {
      for (let i = 0; i < 4; i++) gradient[i]! *= 1.04;
      return undefined;
    };
    const close = { name: 'close', role: 'volunteer', engineClass: 'toy@2', lie: push } as const;
    const run = await swarmOfLiars({ ...base, steps: 20, participants: [...honest(1), close] });
    expect(run.weights).toEqual((await reference({ steps: 20 })).weights);
  });

  it.each(['turns the sign', 'multiplies by -1000', 'sends zeros', 'tells another loss'])(
    'are banned for what no rounding does: one that %s',
    async (how) => {
      const liar: Participant = { name: 'liar', role: 'volunteer', lie: LIES[how]!, engineClass: 'toy@2' };
      const run = await swarmOfLiars({ ...base, participants: [...honest(2), liar] });
      expect(run.closed.get('liar')).toMatchObject({ code: CLOSE.banned.code });
      expect(run.audits.banned[0]!.why).toMatch(/off by .* % in .*toy@2 beside compiled\/wasm@toy/);
    },
  );

  /** Scales what is sent in some of its calls, to 45 % off. */
  const sometimes = (isLie: (call: number) => boolean, name = 'liar'): Participant => ({
    ...{ name, role: 'volunteer', engineClass: 'toy@2' },
    lie: (gradient, _sums, call) => {
      if (isLie(call)) for (let i = 0; i < gradient.length; i++) gradient[i]! *= 1.45;
      return undefined;
    },
  });

  it.each([
    ['each time', () => true, 3],
    ['every second time', (call: number) => call % 2 === 1, 6],
    ['every fifth time', (call: number) => call % 5 === 4, 15],
  ] as const)('are banned at the third doubtful audit: one that is 45 % off %s', async (_, isLie, steps) => {
    const alone = { ...base, shards: 2, steps: 60, auditRate: 0.05 };
    const run = await swarmOfLiars({ ...alone, participants: [...honest(1, 'worker'), sometimes(isLie)] });
    expect(run.audits).toMatchObject({ doubtful: 3, banned: [{ name: 'liar' }] });
    expect(run.audits.banned[0]!.step).toBeLessThanOrEqual(steps);
  });

  it('are credited for what is doubtful: the samples that they are told do not say that they were seen', async () => {
    const alone = { ...base, shards: 1, steps: 4, participants: [sometimes((call) => call === 1)] };
    const run = await swarmOfLiars(alone);
    expect(run.audits.doubtful).toBe(1);
    expect(run.totals).toMatchObject([{ name: 'liar', samples: 4 * 16 }]);
  });

  it('are not banned for a unit in the last place, though their class has the name of the auditor', async () => {
    const near: Participant = {
      ...{ name: 'near', role: 'volunteer', engineClass: 'toy@2' },
      lie: LIES['changes one bit']!,
    };
    const run = await swarmOfLiars({ ...base, steps: 30, participants: [near], ownClass: 'toy@2' });
    expect(run.audits).toMatchObject({ doubtful: 0, failed: 0, banned: [] });
    expect(run.audits.passed).toBe(run.audits.made);
    expect(run.audits.replaced).toBe(run.audits.made);
  });

  it('have a third opinion where the first auditor is the odd one', async () => {
    const participants = [{ name: 'honest', role: 'volunteer', engineClass: 'toy@2' }] as const;
    const odd = { ...base, participants: [...participants], ownClass: 'broken@1' };
    const heard = await swarmOfLiars({ ...odd, universalClass: 'compiled/wasm@toy' });
    expect(heard.audits).toMatchObject({ doubtful: 0, failed: 0, banned: [] });
    expect(heard.audits.passed).toBeGreaterThan(0);
    const unheard = await swarmOfLiars({
      ...odd,
      participants: [...participants, ...honest(1, 'worker')],
      own: false,
    });
    expect(unheard.audits.banned).toEqual([]);
  });
});

describe('a volunteer that sends NaN where others compute numbers', () => {
  it('is banned at the third time, also where nobody audits', async () => {
    const nan = (): Participant => ({ name: 'liar', role: 'volunteer', lie: LIES['sends NaN']! });
    // Three connections of one identity: as if it had come back.
    const participants = [...honest(2), nan(), nan(), nan()];
    const run = await swarmOfLiars({ ...base, steps: 10, shards: 8, auditRate: 0, participants });
    expect(run.audits).toMatchObject({ notFinite: 3, banned: [{ identity: 'liar' }] });
    expect(run.audits.banned[0]!.why).toMatch(/not finite, where .* not for the first time/);
  });
});

describe('who is audited', () => {
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
