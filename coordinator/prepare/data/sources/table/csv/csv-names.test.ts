/** Columns and classes of a table go by their names, and labels are read with the same care as features. */
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import type { DataSet } from '../../../source.js';
import { ObjectStore, storeSplit } from '../../../store.js';
import { openData } from '../../sources.js';

const fileOf = tableFiles();
const manifestsOf = (data: DataSet) =>
  (['train', 'test'] as const).map((split) => ({ ...storeSplit(new ObjectStore(), data, split), name: '' }));
const trainedOn = ({ x, y, label, columns, normalisation }: DataSet) => ({
  x,
  y,
  label,
  ...(columns ? { columns } : {}),
  normalisation,
});

const TRAIN = 'a,b,label\n1,10,apple\n2,20,bread\n3,30,cheese\n4,40,apple\n';

describe('columns of a test file', () => {
  const train = fileOf(TRAIN);
  const test = (text: string) => `csv:${train}?testfile=${fileOf(text)}`;

  it('are found by name, in any order', async () => {
    const plain = await openData(test('a,b,label\n1,20,apple\n5,7,bread\n'));
    const moved = await openData(test('label,b,a\napple,20,1\nbread,7,5\n'));
    expect(manifestsOf(moved)).toEqual(manifestsOf(plain));
  });

  it('that training lacks are left out and told; those that training has must be there', async () => {
    const plain = await openData(test('a,b,label\n1,20,apple\n5,7,bread\n'));
    const more = await openData(test('id,a,note,b,label\n1,1,x,20,apple\n2,5,y,7,bread\n'));
    expect(manifestsOf(more)).toEqual(manifestsOf(plain));
    expect(more.notes!.join('\n')).toContain(`left out id, note, which ${train} does not have`);
    expect(await refusalOf(openData(test('a,c,label\n1,2,apple\n3,4,bread\n')))).toContain(
      `has no column b, which ${train} has; columns are a, c, label`,
    );
  });

  it('are not matched by position where only one file has names', async () => {
    expect(await refusalOf(openData(test('1,20,apple\n5,7,bread\n')))).toContain(
      `${train} has names of columns`,
    );
  });
});

describe('data for a trained model', () => {
  const train = fileOf(TRAIN);
  const read = async (text: string, options = '') => {
    const trained = trainedOn(await openData(`csv:${train}`));
    return openData(`csv:${fileOf(text)}${options}`, { trained });
  };
  /** By name of the class: the standardized rows. */
  const rowsOf = ({ train, test, label }: DataSet) =>
    [train, test].flatMap(({ count, x, y }) =>
      Array.from({ length: count }, (_, i) => [
        label.kind === 'class' ? label.names![y[i]!] : y[i],
        ...x.subarray(2 * i, 2 * i + 2),
      ]),
    );

  it('have its classes, columns and scales, whatever they hold themselves', async () => {
    const { columns, label } = await openData(`csv:${train}`);
    const found = await read('label,b,a\ncheese,30,3\nbread,1000,2\n');
    expect(found.label).toEqual(label);
    expect(found.columns).toEqual(columns);
    const [a, b] = columns!.features;
    const row = (name: string, x: number, y: number) => [
      name,
      Math.fround((x - a!.mean) / a!.std),
      Math.fround((y - b!.mean) / b!.std),
    ];
    expect(rowsOf(found).sort()).toEqual([row('bread', 2, 1000), row('cheese', 3, 30)]);
  });

  it('may have classes that it does not know, which are told and left out', async () => {
    const found = await read('a,b,label\n1,2,dates\n3,4,apple\n5,6,dates\n7,8,bread\n');
    expect(
      rowsOf(found)
        .map(([name]) => name)
        .sort(),
    ).toEqual(['apple', 'bread']);
    const { train: inTrain, test: inTest } = found.unknownClasses!;
    expect(
      [...inTrain, ...inTest].reduce((sum, { name, records }) => sum + (name === 'dates' ? records : 0), 0),
    ).toBe(2);
  });

  it('may be of one row, and of one class', async () => {
    expect(rowsOf(await read('a,b,label\n1,2,apple\n', '?header=true'))).toHaveLength(1);
  });

  it('are refused without a column that it needs', async () => {
    expect(await refusalOf(read('a,label\n1,apple\n2,bread\n'))).toContain(
      'has no column b, which the data that the model was trained on has',
    );
  });

  it('of a regression are in its units', async () => {
    const file = fileOf('a,price\n1,100\n2,300\n3,200\n4,400\n');
    const options = '?task=regression&label=price';
    const data = await openData(`csv:${file}${options}`);
    const { label } = data;
    const other = await openData(`csv:${fileOf('price,a\n100,1\n900,1\n')}`, { trained: trainedOn(data) });
    expect(other.label).toEqual(label);
    const { mean, std } = (label as { scaling: { mean: number; std: number } }).scaling;
    const targets = [...other.train.y, ...other.test.y].map((y) => y * std + mean).sort((a, b) => a - b);
    expect(targets[0]).toBeCloseTo(100, 4);
    expect(targets[1]).toBeCloseTo(900, 4);
  });
});

describe('labels', () => {
  const namesOf = async (text: string, options = '') => {
    const { label } = await openData(`csv:${fileOf(text)}${options}`);
    return label.kind === 'class' ? label.names : undefined;
  };

  it('that are the same number, or differ in blanks, are one class', async () => {
    expect(await namesOf('1,1\n2,1.0\n3," 1 "\n4,2\n5,2e0\n6,+2\n7,02\n')).toEqual(['1', '2']);
    expect(await namesOf('1,cat\n2, cat\n3," cat"\n4,dog\n')).toEqual(['cat', 'dog']);
    expect(await namesOf('1,K\u00f6ln\n2,Ko\u0308ln\n3,Bonn\n')).toEqual(['Bonn', 'K\u00f6ln']);
  });

  it('that are written in several ways are told to be one class', async () => {
    const { notes } = await openData(`csv:${fileOf('1,501\n2,00501\n3,1.0\n4,1\n5,7\n')}`);
    expect(notes!.join('\n')).toContain('column 1: 501 and 00501 are one class, and likewise 1 more');
    const plain = await openData(`csv:${fileOf('1,501\n2,1.0\n3,501\n4,1.0\n5,7\n')}`);
    expect(plain.notes!.join('\n')).not.toContain('one class');
  });

  it('that float64 cannot tell apart stay as they are written', async () => {
    expect(await namesOf('1,12345678901234567890\n2,12345678901234567891\n')).toHaveLength(2);
  });

  it.each(['', 'NaN', 'NA', 'null', '?', '.', '\\N', '#DIV/0!', ' '])(
    'that are missing (%j) are refused with the line',
    async (mark) => {
      const text = `a,b,label\n1,2,x\n3,4,${mark}\n5,6,y\n7,8,x\n`;
      const file = fileOf(text);
      expect(await refusalOf(openData(`csv:${file}`))).toBe(
        `${file}, line 3, column label: the label is missing ('${mark.trim()}'): missing=drop leaves such rows out, missing=class takes it for a class`,
      );
      const dropped = await openData(`csv:${file}?missing=drop`);
      expect(dropped.train.count + dropped.test.count).toBe(3);
      expect(dropped.notes!.join('\n')).toContain('left out 1 of 4 rows, which lack a value');
      expect(await namesOf(text, '?missing=class')).toEqual([mark.trim(), 'x', 'y'].sort());
    },
  );

  it('that look like measurements are suspected aloud, others are not', async () => {
    const table = (label: (i: number) => string) =>
      Array.from({ length: 40 }, (_, i) => `${i % 7},${label(i)}`).join('\n');
    const warningsOf = async (text: string) => (await openData(`csv:${fileOf(text)}`)).warnings;
    expect(await warningsOf(table((i) => `${i + 0.5}`))).toEqual([
      'the label 1 is numeric and becomes 40 classes of 40 rows: task=regression predicts the number',
      expect.stringContaining('no training row has class'),
    ]);
    expect((await warningsOf(table((i) => `${i * i}`)))![0]).toContain('task=regression');
    expect((await warningsOf(table((i) => `id${i}`)))![0]).toContain('has 40 different texts in 40 rows');
    expect((await warningsOf(table((i) => `${(i % 5) / 2}`)))![0]).toContain('becomes 5 classes of 40 rows');
    expect(await warningsOf(table((i) => `${i % 4}`))).toEqual([]);
    expect(await warningsOf(table((i) => `${(i % 2) / 2}`))).toEqual([]);
  });

  it('missing in a regression are refused with the line, or dropped', async () => {
    const file = fileOf('a,b\n1,2\n3,NaN\n5,6\n7,8\n');
    expect(await refusalOf(openData(`csv:${file}?task=regression`))).toContain(
      "line 3, column b: 'NaN' is not a number (missing=drop leaves such rows out",
    );
    const { train, test } = await openData(`csv:${file}?task=regression&missing=drop`);
    expect(train.count + test.count).toBe(3);
  });
});

describe('the choice of normalizing', () => {
  const file = fileOf('t,x,y\n1,1000,5\n2,3000,7\n3,2000,9\n1,2000,7\n');
  const open = (options: string, ends = {}) =>
    openData(`csv:${file}?task=regression&${options}`, { endsOf: async () => ends });
  const kinds = ({ columns, label }: DataSet) =>
    [...columns!.features, (label as { scaling: { mean: number; std: number } }).scaling].map(
      ({ mean, std }) => (mean === 0 && std === 1 ? 'as it is' : 'standardized'),
    );
  const ALL = ['standardized', 'standardized', 'standardized'];
  const NONE = ['as it is', 'as it is', 'as it is'];

  it('is made for all columns, or for some of them by name', async () => {
    expect(kinds(await open(''))).toEqual(ALL);
    expect(kinds(await open('normalize=none'))).toEqual(NONE);
    expect(kinds(await open('normalize=t:none'))).toEqual(['as it is', 'standardized', 'standardized']);
    expect(kinds(await open('normalize=none,x:standard'))).toEqual(['as it is', 'standardized', 'as it is']);
    expect(kinds(await open('normalize=y:none'))).toEqual(['standardized', 'standardized', 'as it is']);
    expect(await refusalOf(open('normalize=z:none'))).toContain('has no column z (option normalize)');
    expect(await refusalOf(open('normalize=minmax'))).toContain('takes standard or none');
  });

  it("follows the model's ends, unless it is given, and is told", async () => {
    const masking = { input: { layer: 'mask', takes: 'a mask' as const } };
    const relu = { output: { layer: 'out', why: 'ends in relu' } };
    expect(kinds(await open('', masking))).toEqual(['as it is', 'as it is', 'standardized']);
    expect((await open('', masking)).notes).toContain(
      'features are not normalized, since layer mask takes a mask (normalize=standard does it all the same)',
    );
    expect(kinds(await open('normalize=standard', masking))).toEqual(ALL);
    expect(kinds(await open('', relu))).toEqual(['standardized', 'standardized', 'as it is']);
    expect((await open('', relu)).notes).toContain(
      'the target y is not standardized, since layer out ends in relu',
    );
    expect((await open('')).notes!.at(-1)).toMatch(
      /^the target y is standardized \(mean .*, deviation .*\): losses are of deviations, mean absolute errors in units of y$/,
    );
  });

  it('is told where the last layer cannot give a target', async () => {
    const end = (range: [number, number]) => ({ output: { layer: 'out', why: 'ends in tanh', range } });
    expect((await open('', end([-1, 8]))).warnings).toEqual([
      `${file}, line 4: y is 9.000, and layer out ends in tanh, which is from -1 to 8: change its activation to linear`,
    ]);
    expect((await open('', end([5, Infinity]))).warnings).toEqual([]);
    expect((await open('', end([6, Infinity]))).warnings).toEqual([
      expect.stringContaining('y is 5.000, and layer out ends in tanh, which is at least 6:'),
    ]);
    expect((await open('normalize=y:standard', end([0, 9]))).warnings).toEqual([
      expect.stringMatching(/y is -\d\.\d+, standardized, and layer out/),
    ]);
  });

  it('refuses what is not an index of an Embedding, with the line', async () => {
    const indices = (below: number) => ({ input: { layer: 'emb', takes: 'indices' as const, below } });
    expect(await refusalOf(open('drop=x', indices(3)))).toMatch(
      /column t: 3 is not an index of layer emb, which has 0 to 2$/,
    );
    expect(kinds(await open('drop=x', indices(4)))).toEqual(['as it is', 'standardized']);
    expect(await refusalOf(open('drop=x&normalize=standard', indices(4)))).toContain(
      'is not an index of layer emb',
    );
  });
});
