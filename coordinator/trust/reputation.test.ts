import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { NEWCOMER_NODES } from './audit-sampling.js';
import { Reputation } from './reputation.js';

let reputation: Reputation;
beforeEach(() => {
  reputation = new Reputation();
});
const times = (count: number, act: (at: number) => void) => {
  for (let at = 1; at <= count; at++) act(at);
};
const ban = (identity: string) => ({ identity, name: `name of ${identity}`, step: 3, why: 'it lied' });

describe('a streak', () => {
  it('is of audits passed in a row, and of nobody else', () => {
    expect(reputation.streak('anna')).toBe(0);
    times(12, () => reputation.passed('anna'));
    expect(reputation.streak('anna')).toBe(12);
    expect(reputation.streak('ben')).toBe(0);
  });

  it.each([
    ['a suspicion', () => reputation.suspect('anna'), 0],
    ['a doubt', () => reputation.doubted('anna'), -10],
    ['a ban', () => reputation.ban(ban('anna')), -10],
  ])('ends by %s, and begins again', (_, ended, from) => {
    times(12, () => reputation.passed('anna'));
    ended();
    expect(reputation.streak('anna')).toBe(from);
    reputation.passed('anna');
    expect(reputation.streak('anna')).toBe(from + 1);
  });
});

describe('a newcomer', () => {
  /** Audits that it must pass before anything of it counts unseen. */
  const audits = (identity: string) => NEWCOMER_NODES - reputation.streak(identity);

  it('passes twice as many audits for each doubt and ban of its token or its network, up to a bound', () => {
    const [liar, sameToken, sameNetwork] = ['guests@192.0.2.7', 'guests@192.0.2.8', 'club@192.0.2.7'];
    expect(audits(liar)).toBe(10);
    reputation.doubted(liar);
    expect([liar, sameToken, sameNetwork].map(audits)).toEqual([20, 20, 20]);
    reputation.ban(ban(liar));
    expect([sameToken, sameNetwork].map(audits)).toEqual([40, 40]);
    reputation.ban(ban(sameToken));
    expect([audits('guests@192.0.2.9'), audits(sameNetwork)]).toEqual([80, 40]);
    times(20, (at) => reputation.ban(ban(`guests@198.51.100.${at}`)));
    expect(audits('guests@192.0.2.9')).toBe(1280);
  });

  it('of another token and network is a newcomer as any, and who is known keeps its streak', () => {
    times(12, () => reputation.passed('guests@192.0.2.8'));
    reputation.ban(ban('guests@192.0.2.7'));
    expect(audits('club@192.0.2.8')).toBe(10);
    // The name of a token is no network.
    expect([audits('guests'), audits('guests@guests')]).toEqual([10, 20]);
    expect(reputation.streak('guests@192.0.2.8')).toBe(12);
  });

  it('is audited as long after a restart, by the bans that are kept', () => {
    reputation.restore({ ...reputation.record(), banned: [ban('guests@192.0.2.7')] });
    expect(audits('guests@192.0.2.9')).toBe(20);
  });
});

describe('audits', () => {
  it('are numbered for each identity, and counted for all', () => {
    expect([reputation.audited('anna'), reputation.audited('ben'), reputation.audited('anna')]).toEqual([
      1, 1, 2,
    ]);
    expect(reputation.counts.made).toBe(3);
  });
});

describe('doubts', () => {
  /** Audits of one identity, in which those at these places are doubtful. @returns the places that are too much */
  const bansAt = (doubtful: readonly number[]) => {
    const fresh = new Reputation();
    const found: number[] = [];
    for (let at = 1; at <= Math.max(...doubtful); at++) {
      fresh.audited('anna');
      if (!doubtful.includes(at)) fresh.passed('anna');
      else if (fresh.doubted('anna')) found.push(at);
    }
    return found;
  };

  it('are one too many with the third among fifty audits, however many pass in between', () => {
    expect(bansAt([1, 2])).toEqual([]);
    expect(bansAt([1, 2, 3])).toEqual([3]);
    expect(bansAt([1, 25, 50])).toEqual([50]);
    expect(bansAt([1, 25, 51])).toEqual([]);
    expect(bansAt([1, 25, 51, 74])).toEqual([74]);
  });

  it('are judged by the latest fifty audits alone', () => {
    const places = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(places, (doubtful) => {
        const expected = doubtful
          .filter((at) => doubtful.filter((other) => other > at - 50 && other <= at).length >= 3)
          .sort((a, b) => a - b);
        expect(bansAt(doubtful)).toEqual(expected);
      }),
    );
  });

  it('of one are not those of another', () => {
    times(2, () => reputation.doubted('anna'));
    expect(reputation.doubted('ben')).toBe(false);
    expect(reputation.doubted('anna')).toBe(true);
  });
});

describe('strikes', () => {
  it('are one too many with the third, whatever they are for', () => {
    expect(reputation.strike('anna', 'overNorm')).toBe(false);
    expect(reputation.strike('anna', 'notFinite')).toBe(false);
    expect(reputation.strike('ben', 'notFinite')).toBe(false);
    expect(reputation.strike('anna', 'overNorm')).toBe(true);
    expect(reputation.counts).toMatchObject({ overNorm: 2, notFinite: 2 });
  });

  it('are taken back one by one, and none in advance', () => {
    times(3, () => reputation.clearStrike('anna'));
    times(2, () => reputation.strike('anna', 'overNorm'));
    reputation.clearStrike('anna');
    expect(reputation.strike('anna', 'overNorm')).toBe(false);
    expect(reputation.strike('anna', 'overNorm')).toBe(true);
  });
});

describe('the record', () => {
  it('counts what has happened', () => {
    reputation.audited('anna');
    reputation.passed('anna');
    times(2, () => reputation.doubted('anna'));
    times(3, () => reputation.replaced());
    times(4, () => reputation.failed());
    expect([reputation.unseen(), reputation.unseen(), reputation.unseen()]).toEqual([true, false, false]);
    expect(reputation.record()).toEqual({
      ...{ made: 1, passed: 1, doubtful: 2, failed: 4, overNorm: 0, notFinite: 0, replaced: 3, unseen: 3 },
      banned: [],
    });
  });

  it('brings back counts and bans, and no streak', () => {
    times(20, () => reputation.passed('anna'));
    reputation.unseen();
    reputation.ban(ban('eve'));
    const again = new Reputation();
    again.restore(reputation.record());
    expect(again.record()).toEqual(reputation.record());
    expect(again.banOf('eve')).toEqual(ban('eve'));
    expect(again.banOf('anna')).toBeUndefined();
    expect(again.streak('anna')).toBe(0);
    expect(again.unseen()).toBe(false);
  });
});

describe('the memory', () => {
  it('is of the latest ten thousand identities: who is forgotten is a newcomer', () => {
    reputation.passed('first');
    times(9_999, (at) => reputation.passed(`stranger ${at}`));
    expect(reputation.streak('first')).toBe(1);
    reputation.passed('one more');
    expect(reputation.streak('first')).toBe(0);
    expect(reputation.streak('stranger 1')).toBe(1);
  });

  it('is of the latest ten thousand bans', () => {
    times(10_000, (at) => reputation.ban(ban(`liar ${at}`)));
    expect(reputation.banOf('liar 1')).toBeDefined();
    reputation.ban(ban('one more'));
    expect(reputation.banOf('liar 1')).toBeUndefined();
    expect(reputation.banOf('liar 2')).toBeDefined();
    expect(reputation.record().banned).toHaveLength(10_000);
  });
});
