/** Which training records become the validation set: sizes as scikit-learn's, disjoint folds, the same draw again. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../shared/numerics/random.js';
import { UserError } from '../../../../shared/user-error.js';
import type { DataSet } from '../source.js';
import { drawFold, drawShare } from './stratify.js';
import { evaluatedRecords, type ValidationOptions, withValidation } from './validation.js';

const countsOf = (labels: readonly number[], records: readonly number[]): number[] => {
  const counts = new Array<number>(1 + Math.max(...labels)).fill(0);
  for (const record of records) counts[labels[record]!]!++;
  return counts;
};
const foldsOf = (labels: readonly number[], folds: number, seed: number, isStratified = true) =>
  Array.from({ length: folds }, (_, fold) =>
    drawFold(
      labels.length,
      { fold, folds },
      isStratified ? (record) => labels[record]! : undefined,
      new Random(seed),
    ),
  );

interface Case {
  labels: number[];
  folds: number;
  sizes: number[][];
  plain: number[];
  share: number;
  drawn: number[] | null;
}
const { cases } = JSON.parse(
  readFileSync(new URL('./fixtures/sklearn-splits.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

describe('the draw', () => {
  it('gives folds the sizes that scikit-learn gives them, class by class', () => {
    for (const { labels, folds, sizes, plain } of cases) {
      expect(foldsOf(labels, folds, 1).map((fold) => countsOf(labels, fold))).toEqual(sizes);
      expect(foldsOf(labels, folds, 1, false).map((fold) => fold.length)).toEqual(plain);
    }
  });

  it('gives a share the sizes that scikit-learn gives it, but for which of equal remainders wins', () => {
    for (const { labels, share, drawn } of cases) {
      if (!drawn) continue;
      const own = countsOf(
        labels,
        drawShare(labels.length, share, (record) => labels[record]!, new Random(1)),
      );
      const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
      expect(sum(own)).toBe(sum(drawn));
      for (const [index, count] of own.entries()) expect(Math.abs(count - drawn[index]!)).toBeLessThan(2);
    }
  });

  it('shares out every record exactly once, each class as evenly as it can be, for every seed', () => {
    const labelled = fc.array(fc.nat(4), { minLength: 8, maxLength: 80 });
    fc.assert(
      fc.property(labelled, fc.integer({ min: 2, max: 8 }), fc.nat(1000), (labels, folds, seed) => {
        const drawn = foldsOf(labels, folds, seed);
        expect(drawn.flat().sort((a, b) => a - b)).toEqual(labels.map((_, record) => record));
        for (let index = 0; index <= Math.max(...labels); index++) {
          const counts = drawn.map((fold) => countsOf(labels, fold)[index]!);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(2);
        }
        expect(foldsOf(labels, folds, seed)).toEqual(drawn);
      }),
    );
  });

  it('takes of each class its share, rounded one way or the other', () => {
    const labelled = fc.array(fc.nat(3), { minLength: 5, maxLength: 100 });
    const shares = fc.constantFrom(0.1, 0.2, 0.5, 0.9);
    fc.assert(
      fc.property(labelled, shares, fc.nat(1000), (labels, share, seed) => {
        const drawn = drawShare(labels.length, share, (record) => labels[record]!, new Random(seed));
        expect(drawn.length).toBe(Math.round(labels.length * share));
        expect(new Set(drawn).size).toBe(drawn.length);
        const all = countsOf(
          labels,
          labels.map((_, record) => record),
        );
        for (const [index, count] of countsOf(labels, drawn).entries())
          expect(Math.abs(count - (all[index]! * drawn.length) / labels.length)).toBeLessThan(1);
      }),
    );
  });
});

/** Record i has x [i, i + 0.5] and class i % 3. */
function dataOf(count: number, more: Partial<DataSet> = {}): DataSet {
  return {
    name: 'toy',
    x: { shape: [2], dtype: 'float32' },
    y: { shape: [], dtype: 'uint8' },
    label: { kind: 'class', classes: 3 },
    normalisation: { scale: 1, mean: [0], std: [1] },
    train: {
      count,
      x: Float32Array.from({ length: 2 * count }, (_, i) => i / 2),
      y: Uint8Array.from({ length: count }, (_, i) => i % 3),
    },
    test: { count: 1, x: Float32Array.of(-1, -1), y: Uint8Array.of(0) },
    ...more,
  };
}

const split = (options: Partial<ValidationOptions>, data = dataOf(30)) =>
  withValidation(data, { seed: 1, ...options });

describe('a validation set', () => {
  it('has whole records that training has no more, and stands before the test set', () => {
    const { train, validation, test, notes } = split({ validation: 0.2 });
    expect([train.count, validation!.count, test.count]).toEqual([24, 6, 1]);
    const firsts = [...train.x, ...validation!.x].filter((_, i) => i % 2 === 0);
    expect(firsts.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    for (let record = 0; record < 6; record++)
      expect(validation!.y[record]).toBe(validation!.x[2 * record]! % 3);
    const both = evaluatedRecords(split({ validation: 0.2 }));
    expect([both.count, both.x.at(-1), both.x[0]]).toEqual([7, -1, validation!.x[0]]);
    expect(notes).toEqual([
      'validation set: 6 of 30 training records, a like part of each class (--validation 0.2)',
    ]);
  });

  it('is not made where none is asked for', () => {
    const data = dataOf(30);
    expect(withValidation(data, { seed: 1 })).toBe(data);
    expect(evaluatedRecords(data)).toBe(data.test);
  });

  it('of text lies together, and what shares characters with it is left out', () => {
    const data = dataOf(30, { sequence: { overlap: 2 } });
    const last = split({ validation: 0.2 }, data);
    expect([...last.validation!.x].filter((_, i) => i % 2 === 0)).toEqual([24, 25, 26, 27, 28, 29]);
    expect(last.train.count).toBe(22);
    expect(last.notes![0]).toContain('2 beside them');
    const middle = split({ fold: '2/3' }, data);
    expect(middle.validation!.x[0]).toBe(10);
    expect([...middle.train.x].filter((_, i) => i % 2 === 0)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 7],
      ...[22, 23, 24, 25, 26, 27, 28, 29],
    ]);
  });

  it.each([
    [{ validation: 0.01 }, /^--validation 0.01: of the 30 training records of toy it takes none/],
    [{ fold: '3/2' }, /^--fold 3\/2: give K\/N/],
    [{ fold: '1/1' }, /^--fold 1\/1: give K\/N/],
    [{ fold: '40/40' }, /^--fold 40\/40: of the 30 training records of toy it takes none/],
  ])('is refused where it cannot be: %j', (options, text) => {
    expect(() => split(options)).toThrow(UserError);
    expect(() => split(options)).toThrow(text);
  });

  it('tells of a class that it lacks, and of one that it took whole', () => {
    const rare = dataOf(30);
    rare.train.y.fill(0);
    rare.train.y[7] = 2;
    const taking = [1, 2, 3].map((k) => split({ fold: `${k}/3` }, rare).warnings!);
    expect(taking.flat().filter((text) => text.includes('no validation record has class 2')).length).toBe(2);
    expect(taking.flat().filter((text) => text.includes('is left of class 2')).length).toBe(1);
  });
});
