/** Parquet files as pyarrow writes them (fixtures/make-fixtures.py) hold the same values here. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { SpecOptions } from '../../../spec.js';
import { openData } from '../../sources.js';
import type { Table } from '../cells/table.js';
import { readParquet } from './read.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const fixture = (name: string) => join(fixtures, `${name}.parquet`);
const root = temporaryFolder();
const expected: { columns: Record<string, unknown[]> } = JSON.parse(
  readFileSync(join(fixtures, 'expected.json'), 'utf8'),
);

const tableOf = async (file: string): Promise<Table> => {
  const pick = () => ({ label: 0, features: [1] });
  const request = { file, options: new SpecOptions(), isRegression: false, known: [], pick };
  return (await readParquet(request)).table;
};

/** A column as pyarrow gives it: numbers, truth values, texts, or null. */
function valuesOf({ columns, rows }: Table, at: number): unknown[] {
  const column = columns[at]!;
  return Array.from({ length: rows }, (_, row) => {
    const odd = column.oddAt(row);
    if (odd) return odd.kind === 'missing' ? null : odd.text;
    return column.isBoolean ? column.numberAt(row) === 1 : column.numberAt(row);
  });
}

describe('parquet', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])(
    'holds what pyarrow wrote, column by column: %s',
    async (name) => {
      const table = await tableOf(fixture(name));
      expect(table.rows).toBe(50);
      for (const [column, values] of Object.entries(expected.columns)) {
        const at = table.names!.indexOf(column);
        if (at >= 0) expect({ column, values: valuesOf(table, at) }).toEqual({ column, values });
        else {
          const own = table.lists!.get(column)!;
          const lists = values.map((value) => (value as number[]).flat());
          for (const [index, part] of own.entries())
            expect(valuesOf(table, part)).toEqual(lists.map((list) => list[index]));
        }
      }
      expect(table.names).toContain('nested[1][0]');
    },
  );

  const odd = (column: string, options = '') =>
    refusalOf(openData(`${fixture('odd')}?label=y&features=x,${column}&test=0.3${options}`));

  it.each<[string, string]>([
    [
      'big',
      'row 2, column big: 9007199254740993 is beyond 2^53, where float64 does not tell whole numbers apart',
    ],
    [
      'day',
      "row 1, column day: '2024-01-31' is not a number (it looks like a date: write it as numbers; drop=day",
    ],
    ['moment', "row 1, column moment: '2024-01-31T10:30:00.000Z' is not a number (it looks like a date"],
    ['time', 'row 1, column time: a time of day: write it as a number (drop=time'],
    ['bytes', 'row 1, column bytes: bytes, which is no value of a table (drop=bytes'],
    ['struct', 'row 1, column struct: an object, which is no value of a table'],
    ['ragged', 'row 2, column ragged[0]: a list of 1 values, and the first row has 2 (drop=ragged '],
    ['nan', "row 2, column nan: 'NaN' is not a number (missing=drop leaves such rows out"],
  ])('refuses %s with row and column', async (column, message) => {
    expect(await odd(column)).toContain(message);
  });

  it('refuses dates among categories, and what is beyond float32', async () => {
    expect(await odd('day', '&categories=onehot')).toContain('dates or times such as');
    expect(await odd('nan', '&missing=0')).toContain(
      'row 3, column nan: Infinity is beyond the numbers of float32',
    );
  });

  it('is a folder of files, with its train and test part and the names of its classes', async () => {
    const hub = join(fixtures, 'hub');
    const data = await openData(`parquet:${hub}?label=label&normalize=none`);
    expect(data.label).toEqual({ kind: 'class', classes: 3, names: ['ship', 'cat', 'bird'] });
    expect([...data.train.x]).toEqual([2, 0, 1, 2]);
    expect([...data.train.y]).toEqual([2, 0, 1, 2]);
    expect([...data.test.y]).toEqual([0]);
    expect(data.notes![0]).toContain('2 columns, 2 files, without the index of pandas; the label is label');
    const named = await openData(
      `parquet:${hub}/train-*.parquet?testfile=${hub}/test-00000-of-00001.parquet&label=label&normalize=none`,
    );
    expect([named.train, named.test]).toEqual([data.train, data.test]);
  });

  it('asks for the test part where a folder does not tell, and refuses files of several tables', async () => {
    const folder = join(root, 'parts');
    mkdirSync(folder);
    const put = (from: string, name: string) => {
      copyFileSync(from, join(folder, name));
    };
    put(fixture('odd'), 'train-0.parquet');
    put(fixture('odd'), 'validation-0.parquet');
    expect(await refusalOf(openData(`parquet:${folder}?label=y`))).toContain(
      'holds several parts (train, validation): name those to train and to test on, as parquet:',
    );
    put(fixture('snappy'), 'train-1.parquet');
    expect(await refusalOf(openData(`parquet:${folder}/train*?label=y`))).toMatch(
      /train-1\.parquet has columns int8, .* files of one table have the same$/,
    );
  });

  it('refuses what is no Parquet, cut off, or not there', async () => {
    const file = join(root, 'cut.parquet');
    writeFileSync(file, readFileSync(fixture('odd')).subarray(0, -20));
    expect(await refusalOf(openData(`${file}?label=y`))).toContain(
      `${file} is no Parquet file that can be read (`,
    );
    expect(await refusalOf(openData('nowhere.parquet'))).toBe(
      'nowhere.parquet is missing: check the path of --data',
    );
    expect(await refusalOf(openData(`parquet:${dirname(fixtures)}?label=y`))).toContain(
      'no file whose name ends in .parquet',
    );
    const damaged = readFileSync(fixture('odd'));
    damaged.fill(0xff, 4, 400);
    writeFileSync(file, damaged);
    expect(await refusalOf(openData(`${file}?label=y`))).toContain('write the file again');
  });
});
