/** Columns of texts and missing values: what becomes of them, what is refused, and what a model keeps of it. */
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import type { DataSet } from '../../../source.js';
import { openData } from '../../sources.js';

const fileOf = tableFiles();
const trainedOn = ({ x, y, label, columns, normalisation }: DataSet) => ({
  ...{ x, y, label, normalisation },
  ...(columns ? { columns } : {}),
});
const rowsOf = ({ x }: DataSet['train'], width: number) =>
  Array.from({ length: x.length / width }, (_, i) => [...x.subarray(i * width, (i + 1) * width)]);

const TRAIN = 'a,color,label\n1,red,x\n2,blue,y\n3,red,x\n6,green,y\n';
const ONE_HOT = 'categories=onehot&normalize=none';
const open = (train: string, test: string, options = ONE_HOT, trained?: DataSet) =>
  openData(`csv:${fileOf(train)}?testfile=${fileOf(test, 'test.csv')}&${options}`, {
    ...(trained ? { trained: trainedOn(trained) } : {}),
  });

describe('categories=onehot', () => {
  it('makes a column of 0 and 1 for each value of the training rows', async () => {
    const data = await open(TRAIN, 'label,color,a\nx,green,9\n');
    expect(data.columns!.features).toEqual([
      { name: 'a', mean: 0, std: 1 },
      { name: 'color=blue', mean: 0, std: 1, column: 'color', value: 'blue' },
      { name: 'color=green', mean: 0, std: 1, column: 'color', value: 'green' },
      { name: 'color=red', mean: 0, std: 1, column: 'color', value: 'red' },
    ]);
    expect(rowsOf(data.train, 4)).toEqual([
      [1, 0, 0, 1],
      [2, 1, 0, 0],
      [3, 0, 0, 1],
      [6, 0, 1, 0],
    ]);
    expect(rowsOf(data.test, 4)).toEqual([[9, 0, 1, 0]]);
  });

  it('refuses a value that no training row has, by row and column, or makes zeros of it', async () => {
    const test = 'a,color,label\n9,red,x\n8,violet,y\n';
    expect(await refusalOf(open(TRAIN, test))).toMatch(
      /test\.csv, line 3, column color: no training row has 'violet' \(known are blue, green, red\): unknown=zeros makes/,
    );
    const data = await open(TRAIN, test, `${ONE_HOT}&unknown=zeros`);
    expect(rowsOf(data.test, 4)[1]).toEqual([8, 0, 0, 0]);
    expect(data.columns!.unknown).toBe('zeros');
  });

  it('is kept by a model: other data have its columns, in any order, without an option', async () => {
    const data = await open(TRAIN, TRAIN, 'categories=onehot');
    const other = await open('color,label,a\ngreen,x,9\n', TRAIN, '', data);
    expect(other.columns).toEqual(data.columns);
    expect(rowsOf(other.train, 4)[0]!.slice(1)).toEqual([0, 1, 0]);
    expect(await refusalOf(open('a,color,label\n1,violet,x\n', TRAIN, '', data))).toContain("has 'violet'");
    const lenient = await open(TRAIN, TRAIN, 'categories=onehot&unknown=zeros');
    const zeros = await open('a,color,label\n1,violet,x\n', TRAIN, '', lenient);
    expect(rowsOf(zeros.train, 4)[0]!.slice(1)).toEqual([0, 0, 0]);
  });

  it('stays 0 and 1, unless its column is named to be standardized', async () => {
    const data = await open(TRAIN, TRAIN, 'categories=onehot&normalize=standard,color:standard');
    for (const { mean, std } of data.columns!.features) expect([mean, std]).not.toEqual([0, 1]);
    const usual = await open(TRAIN, TRAIN, 'categories=onehot');
    expect(usual.columns!.features.filter(({ mean }) => mean !== 0)).toMatchObject([{ name: 'a' }]);
    expect(usual.notes).toContain('features are standardized, but for color');
  });

  it('takes equal numbers, and the two forms of an umlaut, for one value', async () => {
    const data = await open('k,label\nö,x\no\u0308,y\n1,x\n1.0,y\n', 'k,label\n01,x\n');
    expect(data.columns!.features.map(({ name }) => name)).toEqual(['k=1', 'k=ö']);
    expect(rowsOf(data.test, 2)).toEqual([[1, 0]]);
  });

  const many = (value: (i: number) => string) =>
    `a,b,label\n${Array.from({ length: 60 }, (_, i) => `${i},${value(i)},${i % 2}`).join('\n')}\n`;
  it.each<[string, (i: number) => string, string]>([
    ['dates', (i) => `2024-0${(i % 9) + 1}-1${i % 10}`, "dates or times such as '2024-01-10'"],
    ['dates of America', (i) => `${(i % 9) + 1}/1${i % 10}/24 10:00`, 'dates or times such as'],
    ['dates in words', (i) => `${(i % 9) + 1} Jan 2024`, 'dates or times such as'],
    ['sentences', (i) => `this is the text of row number ${i % 5}`, 'free text such as'],
    ['names', (i) => `name ${i}`, '60 different values in 60 rows, such as'],
  ])('refuses %s, with the remedy', async (_, value, expected) => {
    const file = fileOf(many(value));
    const refusal = await refusalOf(openData(`csv:${file}?testfile=${file}&categories=onehot`));
    expect(refusal).toContain(`${file}, column b: ${expected}`);
    expect(refusal).toContain('no categories (drop=b leaves the column out)');
  });

  it('is offered where a column holds texts, and dates are told to be some', async () => {
    const texts = await refusalOf(openData(`csv:${fileOf('a,b,label\n1,red,x\n2,blue,y\n3,red,y\n')}`));
    expect(texts).toContain(
      "column b: 'red' is not a number (drop=b leaves the column out; categories=onehot",
    );
    const dates = await refusalOf(openData(`csv:${fileOf('a,b,label\n1,2024-01-31,x\n2,2024-02-01,y\n')}`));
    expect(dates).toContain(
      "'2024-01-31' is not a number (it looks like a date: write it as numbers; drop=b",
    );
  });

  it('refuses two features of one name', async () => {
    expect(await refusalOf(open('a,a=1x,label\n1x,2,u\n2x,3,v\n', TRAIN.replace('color', 'a=1x')))).toContain(
      'two columns would be called a=1x',
    );
  });

  it('goes with missing=mean, which is for columns of numbers, in data for a trained model too', async () => {
    const options = `${ONE_HOT}&missing=mean`;
    const trained = await open(TRAIN, TRAIN, options);
    const other = await open('a,color,label\n,red,x\n', TRAIN, options, trained);
    expect(rowsOf(other.train, 4)).toEqual([[3, 0, 0, 1]]);
    const gap = await refusalOf(open('a,color,label\n1,,x\n', TRAIN, options, trained));
    expect(gap).toContain('line 2, column color');
  });
});

describe('missing values', () => {
  const TRAIN = 'a,b,label\n1,10,x\n,20,y\n4,NA,x\n';
  const TEST = 'a,b,label\n?,?,y\n';

  it('are filled with the mean of the training rows, or with 0, and told', async () => {
    const data = await open(TRAIN, TEST, 'missing=mean&normalize=none');
    expect(rowsOf(data.train, 2)).toEqual([
      [1, 10],
      [2.5, 20],
      [4, 15],
    ]);
    expect(rowsOf(data.test, 2)).toEqual([[2.5, 15]]);
    expect(data.columns!.features.map(({ fill }) => fill)).toEqual([2.5, 15]);
    expect(data.notes!.join('\n')).toContain('a lacks 1 of 3 values: filled with 2.5');
    const zeros = await open(TRAIN, TEST, 'missing=0&normalize=none');
    expect(rowsOf(zeros.test, 2)).toEqual([[0, 0]]);
  });

  it('are treated by column where columns are named', async () => {
    const data = await open(TRAIN, TEST, 'missing=mean,b:drop&normalize=none', undefined).catch(String);
    expect(data).toContain('every row lacks a value');
    const other = await open(TRAIN, 'a,b,label\n?,7,y\n', 'missing=drop,a:0&normalize=none');
    expect(rowsOf(other.train, 2)).toEqual([
      [1, 10],
      [0, 20],
    ]);
    expect(rowsOf(other.test, 2)).toEqual([[0, 7]]);
    expect(await refusalOf(open(TRAIN, TEST, 'missing=median'))).toContain(
      'must be refuse, drop, class, mean or 0, for all columns or as COLUMN:drop for one, not median',
    );
  });

  it('are filled as in training in data for a trained model, and refused where it had nothing for them', async () => {
    const trained = await open(TRAIN, TEST, 'missing=mean&normalize=none');
    const other = await open('b,a,label\n?,?,x\n', TEST, '', trained);
    expect(rowsOf(other.train, 2)).toEqual([[2.5, 15]]);
    const strict = await open('a,b,label\n1,2,x\n3,4,y\n', 'a,b,label\n1,2,x\n', '');
    expect(await refusalOf(open(TEST, TEST, 'missing=mean', strict))).toContain(
      'the model has nothing to fill in for a: missing=drop leaves such rows out',
    );
  });

  it('of labels are never filled', async () => {
    for (const missing of ['mean', '0']) {
      const text = 'a,label\n1,x\n2,\n3,y\n';
      expect(await refusalOf(open(text, text, `missing=${missing}`))).toContain('the label is missing');
      const regression = await refusalOf(
        open('a,label\n1,5\n2,\n3,7\n', 'a,label\n1,5\n', `missing=${missing}&task=regression`),
      );
      expect(regression).toContain("line 3, column label: '' is not a number");
    }
  });

  it('of texts have no mean; by 0 all of their columns are 0', async () => {
    const text = 'k,label\nred,x\n,y\nblue,y\n';
    expect(await refusalOf(open(text, text, 'categories=onehot&missing=mean'))).toContain(
      "line 3, column k: '' is no category, and texts have no mean: missing=k:drop leaves such rows out, missing=k:0",
    );
    const data = await open(text, text, `${ONE_HOT}&missing=mean,k:0`);
    expect(rowsOf(data.train, 2)).toEqual([
      [0, 1],
      [0, 0],
      [1, 0],
    ]);
  });

  it('in all training rows have no mean', async () => {
    expect(await refusalOf(open('a,b,label\n,1,x\n,2,y\n', TEST, 'missing=mean'))).toContain(
      'column a: no training row has a number, so there is no mean (drop=a leaves the column out)',
    );
  });
});

describe('shape=2x2x1', () => {
  const TRAIN = 'label,a,b,c,d\nx,0,255,3,4\ny,5,6,7,8\n';
  const shaped = (train: string, test: string, options = '', trained?: DataSet) =>
    open(train, test, `label=label&shape=2x2x1${options}`, trained);

  it('takes bytes for pixels, which are scaled as pictures are', async () => {
    const data = await shaped(TRAIN, 'label,d,c,b,a\nx,4,3,2,1\n');
    expect(data.x).toEqual({ shape: [2, 2, 1], dtype: 'uint8' });
    expect(data.train.x).toEqual(Uint8Array.of(0, 255, 3, 4, 5, 6, 7, 8));
    expect(data.test.x).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(data.normalisation.scale).toBe(1 / 255);
    expect(data.normalisation.mean[0]).toBeCloseTo(36 / 255, 6);
    expect(data.notes!.join('\n')).toContain('whole numbers from 0 to 255: pixels of pictures [2,2,1]');
  });

  it('takes other numbers for numbers, scaled along the last axis', async () => {
    const data = await shaped(TRAIN, 'label,a,b,c,d\nx,1,2,3,4.5\n');
    expect(data.x).toEqual({ shape: [2, 2, 1], dtype: 'float32' });
    expect([...data.test.x]).toEqual([1, 2, 3, 4.5]);
    expect(data.normalisation.scale).toBe(1);
    expect(data.normalisation.mean[0]).toBeCloseTo(36, 10);
  });

  it('holds for data of a trained model, which takes no other values', async () => {
    const data = await shaped(TRAIN, TRAIN);
    const other = await open('d,c,b,a,label\n4,3,2,1,x\n', TRAIN, '', data);
    expect(other.x).toEqual(data.x);
    expect(other.train.x).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(await refusalOf(open('a,b,c,d,label\n1,2,-3,4,x\n', TRAIN, '', data))).toContain(
      'line 2, column c: -3 is no pixel, and the model takes some: whole numbers from 0 to 255',
    );
  });

  it('must have as many values as there are columns', async () => {
    expect(await refusalOf(open(TRAIN, TRAIN, 'label=label&shape=3x3x1'))).toContain(
      'shape=3x3x1 has 9 values a record',
    );
  });
});
