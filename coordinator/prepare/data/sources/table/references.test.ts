/**
 * One table in each kind of file gives the matrix that pandas and scikit-learn make of it (fixtures/make-fixtures.py):
 * SimpleImputer and StandardScaler for numbers, OneHotEncoder for texts.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Records } from '../../source.js';
import { openData } from '../sources.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const expected: Record<'train' | 'test', Record<string, number[]>> & {
  labels: Record<'train' | 'test', string[]>;
} = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));

/** A mean less itself is no zero in float64 where it was summed in another order. */
const ROUNDING = 1e-15;

describe.each(['csv', 'jsonl', 'parquet'])('%s', (ending) => {
  const file = (name: string) => join(fixtures, `${name}.${ending}`);
  const spec = `${file('train')}?label=survived&testfile=${file('test')}&categories=onehot&unknown=zeros&missing=mean`;

  it('gives the matrix of scikit-learn, to the last bit of float32', async () => {
    const { x, train, test, columns, label } = await openData(spec);
    const names = columns!.features.map(({ name }) => name);
    expect([...names].sort()).toEqual(Object.keys(expected.train).sort());
    expect(x.shape).toEqual([names.length]);
    const check = (part: 'train' | 'test', { count, x, y }: Records) => {
      for (const [at, name] of names.entries()) {
        for (const [row, value] of expected[part][name]!.entries()) {
          const found = x[row * names.length + at]!;
          if (Math.abs(found - value) > ROUNDING)
            expect({ row, name, value: found }).toEqual({ row, name, value });
        }
      }
      expect(count).toBe(expected.labels[part].length);
      const classes = label.kind === 'class' ? label.names! : [];
      expect(Array.from(y, (index) => classes[index])).toEqual(expected.labels[part]);
    };
    check('train', train);
    check('test', test);
  });

  it('tells what was made of columns', async () => {
    const { notes } = await openData(spec);
    expect(notes!.slice(1)).toEqual([
      `${file('train')}: color becomes 3 columns of 0 and 1: blue, green, red`,
      `${file('train')}: size, in words becomes 3 columns of 0 and 1: größer, small "s", tall and thin`,
      expect.stringMatching(/train\.\w+: age lacks 8 of 40 values: filled with \d\d\.\d\d$/),
      expect.stringMatching(/test\.\w+: age lacks 3 of 15 values: filled with \d\d\.\d\d$/),
      `${file('test')}: color has 2 of 15 values that no training row has: zeros`,
      'features are standardized, but for color, size, in words',
    ]);
  });
});
