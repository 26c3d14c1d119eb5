/** Honest volunteers beside all defenses. `npm run bench -- mixes` has every mix in runs of 2,000 steps. */
import { describe, expect, it } from 'vitest';
import { honestMix, MIXES } from '../../support/byzantine/engine-mixes.js';
import { tellingTests } from '../../support/simulation/last-events.js';

tellingTests();

describe('honest volunteers', () => {
  it.each([2, 6, 9])('of the engine classes of mix %i are never banned, refused or doubted', async (at) => {
    const mix = MIXES[at]!;
    const { audits, closed, losses } = await honestMix({ mix, workers: 20, steps: 20 });
    expect(audits).toMatchObject({ passed: audits.made, doubtful: 0, failed: 0, overNorm: 0, banned: [] });
    expect(audits.made).toBeGreaterThan(100);
    expect([...closed.values()].filter(Boolean)).toEqual([]);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });
});
