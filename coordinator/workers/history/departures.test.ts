import { describe, expect, it } from 'vitest';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { cannotCompute, Departures, HOPELESS_AFTER_MS } from './departures.js';

describe('workers that leave', () => {
  it('since they cannot compute the run are counted, with their reason, until the run has failed', () => {
    const departures = new Departures();
    expect(departures.verdict(0)).toBeUndefined();
    departures.unable('no engine was left', 1000);
    departures.unable('no engine was left', 5000);
    expect(departures.verdict(6000)).toEqual({
      text: 'the last 2 workers could not compute this run: no engine was left',
      msLeft: HOPELESS_AFTER_MS - 5000,
    });
    expect(departures.verdict(1000 + HOPELESS_AFTER_MS)!.msLeft).toBe(0);
  });

  it('for several reasons are told by the latest', () => {
    const departures = new Departures();
    departures.unable('no engine was left', 0);
    departures.unable('the data holds NaN', 0);
    expect(departures.verdict(0)!.text).toBe(
      'the last 2 workers could not compute this run, the latest of them: the data holds NaN',
    );
  });

  it('are forgotten as soon as something was computed', () => {
    const departures = new Departures();
    departures.unable('no engine was left', 0);
    departures.clear();
    expect(departures.verdict(HOPELESS_AFTER_MS)).toBeUndefined();
    departures.unable('no engine was left', HOPELESS_AFTER_MS);
    expect(departures.verdict(HOPELESS_AFTER_MS)!.msLeft).toBe(HOPELESS_AFTER_MS);
  });

  it('of their own will, lost, silent, or sent away by an admin may come back', () => {
    for (const reason of [
      'leaving',
      'silent',
      'removed',
      'banned',
      'revoked',
      'leaseExpired',
      'restarting',
    ] as const)
      expect(cannotCompute(CLOSE[reason].code), reason).toBe(false);
    expect(cannotCompute(1006)).toBe(false);
    for (const reason of ['unable', 'failed', 'engineClass', 'wrongShape'] as const)
      expect(cannotCompute(CLOSE[reason].code), reason).toBe(true);
  });
});
