import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnder, BINS, countPlaces, curvesOf, faultOfPlaces, placesOf } from './roc.js';

interface Row {
  classes: number;
  y: number[];
  odds: number[];
  exact: number;
  binned: number;
}
const { rows } = JSON.parse(
  readFileSync(new URL('./fixtures/sklearn-curves.json', import.meta.url), 'utf8'),
) as { rows: Row[] };

const labelOf = (curves: number) => ({ kind: 'class' as const, classes: curves === 1 ? 2 : curves });

/** The area, counted in parts of so many samples. */
function areaOf(odds: number[], y: number[], curves: number, cut = y.length): number {
  const counts = new Map<number, number>();
  for (const [from, to] of [
    [0, cut],
    [cut, y.length],
  ] as const)
    countPlaces(placesOf(odds.slice(from * curves, to * curves), y.slice(from, to), labelOf(curves)), counts);
  return areaUnder(counts, curves);
}

describe('the area under the ROC curve', () => {
  it.each(rows)(
    'is that of scikit-learn on binned scores, and near that of the scores: $classes classes',
    (row) => {
      const area = areaOf(row.odds, row.y, curvesOf({ kind: 'class', classes: row.classes }));
      expect(area).toBeCloseTo(row.binned, 12);
      expect(Math.abs(area - row.exact)).toBeLessThan(1e-3);
    },
  );

  it('does not depend on how samples are cut into parts', () => {
    const samples = fc.array(fc.tuple(fc.double({ min: -20, max: 20, noNaN: true }), fc.nat(1)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(samples, fc.nat(30), (pairs, cut) => {
        const [odds, y] = [pairs.map(([odd]) => odd), pairs.map(([, label]) => label)];
        expect(areaOf(odds, y, 1, Math.min(cut, y.length))).toEqual(areaOf(odds, y, 1));
      }),
    );
  });

  it('takes scores beyond all bins, and what is no number for the lowest', () => {
    const places = placesOf(
      [-Infinity, -17, Number.NaN, 15.99, 99, Infinity],
      [0, 0, 0, 0, 0, 1],
      labelOf(1),
    );
    expect(places).toEqual([0, 0, 0, BINS - 1, BINS - 1, 2 * BINS - 1]);
  });

  it('is none where a class has no samples', () => {
    expect(areaOf([1, 2], [1, 1], 1)).toBeNaN();
    expect(areaOf([1, 2, 3, 4, 5, 6], [0, 1], 3)).toBeNaN();
  });

  it('is not counted for numbers, one class, or more classes than a message holds', () => {
    const of = (classes: number) => curvesOf({ kind: 'class', classes });
    expect([of(1), of(2), of(3), of(50), of(51), curvesOf({ kind: 'value' } as never)]).toEqual([
      0, 1, 3, 50, 0, 0,
    ]);
  });

  it('is refused from places that are too few, or on no curve', () => {
    const places = placesOf([1, 2, 3, 4, 5, 6], [0, 2], labelOf(3));
    expect(faultOfPlaces(places, 2, 3)).toBeUndefined();
    expect(faultOfPlaces(places.slice(1), 2, 3)).toBe('5 places on curves, expected 6');
    expect(faultOfPlaces([...places.slice(1), places[0]!], 2, 3)).toMatch(/on a curve, which there is not/);
    expect(faultOfPlaces([], 2, 0)).toBeUndefined();
  });
});
