import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LabelKind } from '../../../../shared/data/manifest.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import type { DataSet } from '../source.js';
import { checkLabels } from './check-labels.js';
import { absoluteData, openData } from './sources.js';

describe('the data sources', () => {
  it('refuse an unknown scheme and tell the known ones', async () => {
    expect(await refusalOf(openData('mnist:dir'))).toMatch(
      /^--data mnist:dir: unknown source mnist; known are digits, idx, .*csv.* \(for example idx:DIR\)$/,
    );
  });

  it.each([
    ['digits?size=3', '--data digits: unknown option size; known are train, test, seed, normalize'],
    ['idx:dir?train=3', '--data idx: unknown option train; known are normalize'],
    ['cifar10:dir?x=1', '--data cifar10: unknown option x; known are normalize'],
    [
      'csv:f.csv?target=y',
      '--data csv: unknown option target; known are label, weight, test, testfile, task',
    ],
  ])('refuse an unknown option: %s', async (spec, expected) => {
    expect(await refusalOf(openData(spec))).toContain(expected);
  });

  it.each(['0', '-1', '1.5', '1e3', '', 'many'])('refuse %j as a number of images', async (text) => {
    expect(await refusalOf(openData(`digits?train=${text}`))).toBe(
      `--data option train must be a whole number of at least 1, not ${text}`,
    );
  });
});

describe('a data spec made absolute', () => {
  it('means the same wherever it is read again', () => {
    expect(absoluteData('idx:some/dir')).toBe(`idx:${resolve('some/dir')}`);
    expect(absoluteData(`csv:${resolve('a.csv')}?label=y`)).toBe(`csv:${resolve('a.csv')}?label=y`);
    expect(absoluteData('digits')).toBe('digits');
    expect(absoluteData('digits?train=100&seed=2')).toBe('digits?train=100&seed=2');
  });

  it('has its path options made absolute too, and special characters kept', () => {
    const spec = absoluteData('csv:a.csv?testfile=b%20%26c.csv&label=x%3Dy');
    const [path, query] = spec.split('?');
    expect(path).toBe(`csv:${resolve('a.csv')}`);
    expect(new URLSearchParams(query).get('testfile')).toBe(resolve('b &c.csv'));
    expect(new URLSearchParams(query).get('label')).toBe('x=y');
    expect(absoluteData(spec)).toBe(spec);
  });
});

describe('labels', () => {
  const set = (label: LabelKind, train: number[], test: number[]): DataSet => {
    const records = (values: number[]) => ({
      count: values.length,
      x: new Float32Array(values.length),
      y: Float32Array.from(values),
    });
    return {
      name: 'some',
      x: { shape: [1], dtype: 'float32' },
      y: { shape: [], dtype: 'float32' },
      label,
      normalisation: { scale: 1, mean: [0], std: [1] },
      train: records(train),
      test: records(test),
    };
  };
  const classes: LabelKind = { kind: 'class', classes: 3 };

  it('that are classes, or numbers, are taken', () => {
    checkLabels(set(classes, [0, 1, 2], [2]));
    checkLabels(set({ kind: 'value' }, [-1.5, 1e30], [0]));
  });

  it.each([3, -1, 0.5, Number.NaN])('of value %s are no class', async (bad) => {
    const expected = `has label ${bad}, expected a class from 0 to 2`;
    expect(await refusalOf(() => checkLabels(set(classes, [0, bad], [0])))).toBe(
      `some: record 1 of the train set ${expected}`,
    );
    expect(await refusalOf(() => checkLabels(set(classes, [0], [2, 2, bad])))).toBe(
      `some: record 2 of the test set ${expected}`,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('of value %s are no number', async (bad) => {
    expect(await refusalOf(() => checkLabels(set({ kind: 'value' }, [bad], [0])))).toContain(
      `has label ${bad}, expected a number`,
    );
  });
});
