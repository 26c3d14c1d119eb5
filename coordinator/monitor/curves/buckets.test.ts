import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Buckets, widthFor } from './buckets.js';

interface Point {
  step: number;
  weight: number;
  value: number;
}

/** Steps with gaps, as evaluations have them, each with a weight and a value. */
const points = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 5 }),
      weight: fc.integer({ min: 1, max: 64 }),
      value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    }),
    { minLength: 1, maxLength: 300 },
  )
  .map((list) => {
    let step = 0;
    return list.map(({ gap, weight, value }): Point => {
      step += gap;
      return { step, weight, value };
    });
  });

function filled(capacity: number, list: readonly Point[]): Buckets {
  const buckets = new Buckets(capacity);
  for (const { step, weight, value } of list) buckets.push(step, weight, [value]);
  return buckets;
}

/** What buckets of `every` steps hold, from all points. */
function reference(list: readonly Point[], every: number) {
  const groups = new Map<number, Point[]>();
  for (const point of list) {
    const bucket = Math.floor((point.step - 1) / every);
    groups.set(bucket, [...(groups.get(bucket) ?? []), point]);
  }
  return [...groups.values()].map((group) => {
    const values = group.map(({ value }) => value);
    const weight = group.reduce((sum, point) => sum + point.weight, 0);
    const mean = group.reduce((sum, point) => sum + point.value * point.weight, 0) / weight;
    return { step: group.at(-1)!.step, weight, min: Math.min(...values), max: Math.max(...values), mean };
  });
}

describe('buckets of a series', () => {
  it('agree with what is computed from all points, at every width', () => {
    fc.assert(
      fc.property(
        points,
        fc.integer({ min: 4, max: 64 }),
        fc.integer({ min: 0, max: 8 }),
        (list, capacity, power) => {
          const buckets = filled(capacity, list);
          const every = Math.max(2 ** power, buckets.width);
          const rows = buckets.query(1, list.at(-1)!.step, every);
          const expected = reference(list, every);
          expect(rows.map(({ step, weight }) => ({ step, weight }))).toEqual(
            expected.map(({ step, weight }) => ({ step, weight })),
          );
          for (const [i, row] of rows.entries()) {
            expect([row.min[0], row.max[0]]).toEqual([expected[i]!.min, expected[i]!.max]);
            expect(row.mean[0]).toBeCloseTo(expected[i]!.mean, 4);
          }
        },
      ),
    );
  });

  it('are never more than their capacity, and keep the first and the last step', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 4, max: 16 }), (list, capacity) => {
        const buckets = filled(capacity, list);
        const rows = buckets.query(1, list.at(-1)!.step, 1);
        expect(rows.length).toBeLessThanOrEqual(capacity);
        expect(rows.at(-1)!.step).toBe(list.at(-1)!.step);
        expect(rows.reduce((sum, row) => sum + row.weight, 0)).toBe(
          list.reduce((sum, { weight }) => sum + weight, 0),
        );
      }),
    );
  });

  it('give a part of the series as the same buckets that the whole has', () => {
    fc.assert(
      fc.property(points, fc.nat(400), fc.nat(400), fc.integer({ min: 0, max: 5 }), (list, a, b, power) => {
        const [from, to] = [Math.min(a, b) + 1, Math.max(a, b) + 1];
        const every = 2 ** power;
        const buckets = filled(1000, list);
        const inside = (step: number) => {
          const bucket = Math.floor((step - 1) / every);
          return bucket >= Math.floor((from - 1) / every) && bucket <= Math.floor((to - 1) / every);
        };
        const whole = buckets.query(1, list.at(-1)!.step, every);
        expect(buckets.query(from, to, every)).toEqual(whole.filter(({ step }) => inside(step)));
      }),
    );
  });

  it('hold single steps exactly', () => {
    const value = 0.1 + 0.2;
    const [row] = filled(8, [{ step: 7, weight: 3, value }]).query(1, 9, 1);
    expect(row).toEqual({ step: 7, weight: 3, min: [value], max: [value], mean: [value] });
  });

  it('take a million steps', () => {
    const buckets = new Buckets(4096);
    for (let step = 1; step <= 1_000_000; step++) buckets.push(step, 1, [step]);
    const every = widthFor(1, 1_000_000, 500);
    const rows = buckets.query(1, 1_000_000, every);
    expect(rows.length).toBeLessThanOrEqual(500);
    expect(rows[0]).toMatchObject({ step: every, min: [1], max: [every] });
    expect(rows.at(-1)!.max).toEqual([1_000_000]);
  });

  it('are as wide as the number of points asks for, and no wider', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat(1e6),
        fc.integer({ min: 2, max: 4000 }),
        (from, length, most) => {
          const to = from + length;
          const covered = (every: number) =>
            Math.floor((to - 1) / every) - Math.floor((from - 1) / every) + 1;
          const every = widthFor(from, to, most);
          expect(covered(every)).toBeLessThanOrEqual(most);
          if (every > 1) expect(covered(every / 2)).toBeGreaterThan(most);
        },
      ),
    );
  });
});
