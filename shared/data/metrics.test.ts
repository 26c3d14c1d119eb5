/** Scores of evaluations against scikit-learn's, and that they do not depend on how parts were cut. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumParts } from './evaluation-parts.js';
import {
  type Evaluated,
  EXTRA_METRICS,
  extraMetric,
  extraMetricNamed,
  scored,
  varianceOf,
} from './metrics.js';

type Numbers = Record<string, number>;
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/sklearn-metrics.json', import.meta.url), 'utf8'),
) as {
  classes: (Numbers & { confusion: number[]; samples: number; loss: number })[];
  values: (Numbers & { y: number[]; std: number; samples: number; loss: number })[];
};
type Run = Omit<Evaluated, 'variance'>;
const ofClasses = (classes: number): Run => ({
  loss: 'categoricalCrossentropy',
  label: { kind: 'class', classes },
  y: { shape: [], dtype: 'uint8' },
});
const ofValues = (std: number): Run => ({
  loss: 'meanSquaredError',
  label: { kind: 'value', scaling: { mean: 3, std } },
  y: { shape: [], dtype: 'float32' },
});

describe('the scores of an evaluation', () => {
  it("of classes are scikit-learn's", () => {
    for (const { confusion, samples, loss, ...expected } of fixture.classes) {
      const run = { ...ofClasses(Math.sqrt(confusion.length)), variance: () => 0 };
      const own = scored(
        ['f1', 'balanced-accuracy', 'perplexity'],
        { samples, loss, metric: 0, confusion },
        run,
      );
      for (const name of ['f1', 'balancedAccuracy', 'perplexity'])
        expect(Math.abs(own[name]! / expected[name]! - 1) || 0, name).toBeLessThan(1e-12);
    }
  });

  it("of numbers are scikit-learn's, in the target's own unit", () => {
    for (const { y, std, samples, loss, rmse, r2 } of fixture.values) {
      const run = { ...ofValues(std), variance: () => varianceOf(ofValues(std).label, y) };
      const own = scored(['rmse', 'r2'], { samples, loss, metric: 0 }, run);
      expect(own.rmse).toBeCloseTo(rmse!, 9);
      expect(own.r2).toBeCloseTo(r2!, 9);
    }
  });

  it('are the same to the bit however the set was cut into parts', () => {
    const predictions = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 2, maxLength: 50 });
    const names = ['f1', 'balanced-accuracy'] as const;
    const totalsOf = (pairs: readonly (readonly [number, number])[]) => {
      const confusion = new Array<number>(16).fill(0);
      for (const [actual, predicted] of pairs) confusion[4 * actual + predicted]!++;
      return { samples: pairs.length, loss: 0, metric: 0, confusion };
    };
    fc.assert(
      fc.property(predictions, fc.nat(50), (pairs, cut) => {
        const parts = [pairs.slice(0, cut), pairs.slice(cut)].map(totalsOf);
        const run = { ...ofClasses(4), variance: () => 0 };
        expect(scored(names, sumParts(parts), run)).toEqual(scored(names, totalsOf(pairs), run));
      }),
    );
  });

  it('are left out where they are 0 / 0, and refused for data that have none', () => {
    const nothing = { samples: 2, loss: 1, metric: 0 };
    expect(scored(['f1', 'r2'], nothing, { ...ofValues(1), variance: () => 0 })).toEqual({});
    const names = EXTRA_METRICS.flatMap((name) => extraMetricNamed(name) ?? []);
    expect(names.filter((name) => extraMetric(name).isOf(ofValues(1)))).toEqual(['rmse', 'r2']);
    expect(names.filter((name) => extraMetric(name).isOf(ofClasses(501)))).toEqual(['perplexity']);
    expect(['f1', 'top-5', 'top3', 'top0', 'top', 'f', ''].map(extraMetricNamed)).toEqual([
      ...['f1', 'top5', 'top3'],
      ...[undefined, undefined, undefined, undefined],
    ]);
  });
});
