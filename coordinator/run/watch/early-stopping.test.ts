/** When a run ends for want of better figures, against Keras' rule written anew, and against what Keras did. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heard, isSpent, nothingWatched } from './early-stopping.js';

interface Rule {
  higherIsBetter: boolean;
  minDelta: number;
  patience: number;
}

interface Outcome {
  /** Index of the evaluation at which it ended; null: it did not. */
  stopped: number | null;
  best: number | null;
}

function ours(curve: readonly number[], rule: Rule): Outcome {
  let watched = nothingWatched('loss');
  for (const [step, value] of curve.entries()) {
    watched = heard(watched, { step, value }, rule);
    if (isSpent(watched, rule.patience)) return { stopped: step, best: watched.best?.step ?? null };
  }
  return { stopped: null, best: watched.best?.step ?? null };
}

/** As Keras' documentation tells it: a change counts if it is more than `min_delta` in the right direction. */
function documented(curve: readonly number[], { higherIsBetter, minDelta, patience }: Rule): Outcome {
  const score = (value: number) => (higherIsBetter ? value : -value);
  let best: number | null = null;
  for (let at = 0; at < curve.length; at++) {
    const reference = best === null ? Number.NEGATIVE_INFINITY : score(curve[best]!);
    if (Number.isFinite(curve[at]) && score(curve[at]!) - minDelta > reference) best = at;
    if (at > 0 && at - (best ?? -1) >= patience) return { stopped: at, best };
  }
  return { stopped: null, best };
}

const rules = fc.record({
  higherIsBetter: fc.boolean(),
  minDelta: fc.constantFrom(0, 0.25, 1),
  patience: fc.integer({ min: 1, max: 5 }),
});
// Few values, so that equals and differences of just min_delta come often.
const curves = fc.array(
  fc.oneof(
    fc.integer({ min: -8, max: 8 }).map((value) => value / 4),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
  ),
  { minLength: 1, maxLength: 30 },
);

describe('a run that is watched', () => {
  it('ends as the rule says, for every curve', () => {
    fc.assert(
      fc.property(curves, rules, (curve, rule) => {
        expect(ours(curve, rule)).toEqual(documented(curve, rule));
      }),
    );
  });

  it('ends where Keras does, with the same best evaluation', () => {
    const { cases } = JSON.parse(
      readFileSync(new URL('./fixtures/keras-early-stopping.json', import.meta.url), 'utf8'),
    ) as { cases: (Rule & Outcome & { curve: (number | 'nan')[] })[] };
    expect(cases.length).toBeGreaterThan(100);
    for (const { curve, stopped, best, ...rule } of cases) {
      const values = curve.map((value) => (value === 'nan' ? Number.NaN : value));
      expect(ours(values, rule)).toEqual({ stopped, best });
    }
  });

  it('decides the same wherever it is cut in two, as a resumed run is', () => {
    fc.assert(
      fc.property(curves, rules, fc.nat(30), (curve, rule, cut) => {
        let watched = nothingWatched('loss');
        for (const [step, value] of curve.entries()) {
          if (step === cut) watched = JSON.parse(JSON.stringify(watched));
          watched = heard(watched, { step, value }, rule);
          if (isSpent(watched, rule.patience)) break;
        }
        expect(watched.best?.step ?? null).toBe(ours(curve, rule).best);
      }),
    );
  });
});
