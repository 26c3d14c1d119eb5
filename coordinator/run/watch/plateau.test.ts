/** How evaluations lower the learning rate, against what PyTorch did with the same curves. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowered, noPlateau, type PlateauOptions, weighed } from './plateau.js';

interface Case extends Omit<PlateauOptions, 'figure'> {
  rate: number;
  curve: (number | 'nan')[];
  rates: number[];
}
const { cases } = JSON.parse(
  readFileSync(new URL('./fixtures/torch-plateau.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

function ratesOf(curve: readonly number[], rate: number, how: PlateauOptions): number[] {
  let plateau = noPlateau('loss');
  let now = rate;
  return curve.map((value) => {
    const after = weighed(plateau, value, how);
    // As a run that is stopped and goes on at every evaluation.
    plateau = JSON.parse(JSON.stringify(after.plateau));
    if (after.lowers) now = lowered(now, how) ?? now;
    return now;
  });
}

describe('the plateau schedule', () => {
  it("takes PyTorch's rates, to the bit", () => {
    expect(cases.length).toBeGreaterThan(100);
    for (const { curve, rate, rates, ...how } of cases) {
      const values = curve.map((value) => (value === 'nan' ? Number.NaN : value));
      expect(ratesOf(values, rate, { ...how, figure: 'loss' })).toEqual(rates);
    }
  });

  it('leaves the rate of a run that gets better each time, and never goes below the least', () => {
    const options = fc.record({ patience: fc.nat(4), factor: fc.constantFrom(0.1, 0.5, 0.9) });
    const curves = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(curves, options, (curve, given) => {
        const how = { ...given, figure: 'loss', higherIsBetter: false, minDelta: 0, minRate: 0.01 } as const;
        const falling = curve.map((_, at) => -at);
        expect(new Set(ratesOf(falling, 0.5, how))).toEqual(new Set([0.5]));
        expect(Math.min(...ratesOf(curve, 0.5, how))).toBeGreaterThanOrEqual(0.01);
      }),
    );
  });
});
