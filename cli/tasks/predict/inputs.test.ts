/** Records to predict: what is read of tables and arrays, scaled as in training, and what is refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';
import { npz } from '../../../coordinator/record/model/formats/npz.js';
import { metadataOf } from '../../../coordinator/record/model/metadata.js';
import type { RecordFormat } from '../../../shared/data/manifest.js';
import { tableFiles } from '../../../test/support/files/csv-files.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../test/support/refusal.js';
import { exportedRecords } from './exported-records.js';
import { listInputs, nameOfInput, readInputs } from './inputs.js';

const fileOf = tableFiles();
const folder = temporaryFolder();

const TABLE = 'a,b,kind\n1,200,x\n2,100,y\n3,400,x\n9,900,y\n';
const trained = (spec: string): Promise<RecordFormat> => openData(spec);
const table = fileOf(TABLE);
const named = await trained(`csv:${table}?testfile=${table}`);
const plain = fileOf('1,200,0\n2,100,1\n3,400,0\n9,900,1\n');
const unnamed = await trained(`csv:${plain}?testfile=${plain}`);
const pictures: RecordFormat = {
  x: { shape: [2, 2, 1], dtype: 'uint8' },
  y: { shape: [], dtype: 'uint8' },
  label: { kind: 'class', classes: 3 },
  normalisation: { scale: 1 / 255, mean: [0.5], std: [0.2] },
};

describe('a table to predict', () => {
  it('gives the records that training has of the same rows, whether the label is there or not', async () => {
    const { test } = await openData(`csv:${table}?testfile=${table}`);
    const without = 'b,a\n200,1\n100,2\n400,3\n900,9\n';
    for (const file of [table, fileOf(without), fileOf(gzipSync(without))]) {
      const { x, count, rows, notes } = await readInputs(file, named);
      expect(x).toEqual(test.x);
      expect([count, rows, notes]).toEqual([4, [1, 2, 3, 4], []]);
    }
  });

  it('makes of texts and of missing values what training made of them', async () => {
    const text = 'a,color,kind\n1,red,x\n,blue,y\n3,red,x\n4,green,y\n';
    const spec = `csv:${fileOf(text)}?testfile=${fileOf(text)}&categories=onehot&missing=a:mean&unknown=zeros`;
    const data = await openData(spec);
    const { x, notes } = await readInputs(fileOf('color,a\nred,1\nblue,\nred,3\ngreen,4\n'), data);
    expect(x).toEqual(data.test.x);
    expect(notes).toEqual([expect.stringMatching(/a lacks 1 of 4 values: filled with/)]);
    const other = await readInputs(fileOf('color,a\npink,1\n'), data);
    expect([...other.x.subarray(1)]).toEqual([0, 0, 0]);
    const strict: RecordFormat = { ...data, columns: { ...data.columns!, unknown: undefined as never } };
    expect(await refusalOf(readInputs(fileOf('color,a\npink,1\n'), strict))).toMatch(
      /line 2, column color: no training row has 'pink'/,
    );
    // An export tells the same in its metadata, and scales by itself.
    const told = metadataOf(
      { loss: 'categoricalCrossentropy', inputShape: data.x.shape },
      data,
      data.columns!.features,
      'caller',
    );
    const { records } = exportedRecords('model.json', JSON.parse(JSON.stringify(told)), [2]);
    expect(records.columns).toEqual(data.columns);
    expect(records.label).toEqual(data.label);
  });

  it('may be lines of JSON', async () => {
    const { test } = await openData(`csv:${table}?testfile=${table}`);
    const lines = ['{"a":1,"b":200}', '{"b":100,"a":2,"kind":"y"}', '{"a":3,"b":400}', '{"a":9,"b":900}'];
    const { x, rows } = await readInputs(fileOf(`${lines.join('\n')}\n`), named);
    expect([x, rows]).toEqual([test.x, [1, 2, 3, 4]]);
    expect(await refusalOf(readInputs(fileOf('{"a":1}\n'), named))).toMatch(/has no column b/);
    expect(await refusalOf(readInputs(fileOf('{"a":1,"b":2}\n{"a":1,"b":"x"}\n'), named))).toMatch(
      /line 2, column b/,
    );
  });

  it('may be Parquet, from a file that is not packed', async () => {
    const fixtures = join(import.meta.dirname, '../../../coordinator/prepare/data/sources/table/fixtures');
    const [train, test] = ['train.csv', 'test.csv'].map((name) => join(fixtures, name));
    const spec = `csv:${train}?label=survived&testfile=${test}&categories=onehot&unknown=zeros&missing=mean`;
    const data = await openData(spec);
    const file = join(fixtures, 'test.parquet');
    const { x, count } = await readInputs(file, data);
    expect([x, count]).toEqual([data.test.x, data.test.count]);
    expect(await refusalOf(readInputs(fileOf(gzipSync(readFileSync(file))), data))).toMatch(/not packed/);
  });

  it('tells of columns that it leaves out', async () => {
    const { notes } = await readInputs(fileOf('a,c,b\n1,5,2\n'), named);
    expect(notes).toEqual([expect.stringMatching(/left out c, which the model was not trained on/)]);
  });

  it('keeps the numbers of its rows where others are left out', async () => {
    const file = fileOf('a;b\n1;5\n;7\n3;8,5\n');
    const { rows, notes } = await readInputs(`${file}?missing=drop&decimal=comma&delimiter=semicolon`, named);
    expect(rows).toEqual([1, 3]);
    expect(notes).toEqual([expect.stringMatching(/left out 1 of 3 rows, which lack a value/)]);
  });

  it('without names goes by places: of the inputs alone, or of all columns of training', async () => {
    const { test } = await openData(`csv:${plain}?testfile=${plain}`);
    expect((await readInputs(fileOf('1,200\n2,100\n3,400\n9,900\n'), unnamed)).x).toEqual(test.x);
    const { x, notes } = await readInputs(plain, unnamed);
    expect(x).toEqual(test.x);
    expect(notes).toEqual([expect.stringMatching(/left out column 2, the label/)]);
  });

  it.each<[string, string, RecordFormat, RegExp]>([
    ['lacks a column', 'a,c\n1,2\n', named, /has no column b, .*columns are a, c/],
    ['has a text for a number', 'a,b\n1,2\n3,four\n', named, /line 3, column b: 'four' is not a number$/],
    [
      'lacks a value',
      'a,b\n1,2\n,4\n',
      named,
      /line 3, column a: '' is not a number \(missing=drop leaves such rows out\)$/,
    ],
    ['has no names', '1,2\n3,4\n', named, /has no names of columns, .*a, b/],
    ['has names that training had not', 'a,b\n1,2\n', unnamed, /had none: they cannot be matched/],
    [
      'has too many columns to match',
      '1,2,3,4\n',
      { ...unnamed, columns: { ...unnamed.columns!, label: '4' } },
      /has 4 columns, the model takes 2/,
    ],
    ['is for a model of pictures', 'a,b\n1,2\n', pictures, /shape \[2, 2, 1\], which have no columns/],
    ['is empty', '', named, /is empty/],
  ])('is refused if it %s', async (_, text, records, words) => {
    expect(await refusalOf(readInputs(fileOf(text), records))).toMatch(words);
  });
});

/** An NPZ file of float32 arrays. */
const archive = (name: string, arrays: Record<string, number[]>): string => {
  const path = join(folder, name);
  const weights = Object.entries(arrays).map(([name, shape]) => ({ name, shape }));
  const size = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  writeFileSync(path, npz({ weights, values: Float32Array.from({ length: size }, (_, i) => i) }, {}));
  return path;
};

/** Two pictures of 2 x 2 pixels. */
const pixels = (): string => {
  const path = join(folder, 'pixels.npy');
  const dict = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2), }\n";
  const head = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(dict.length)}\x00${dict}`, 'latin1');
  writeFileSync(path, Buffer.concat([head, Buffer.from([0, 1, 2, 3, 252, 253, 254, 255])]));
  return path;
};

describe('an array to predict', () => {
  const rows: RecordFormat = {
    ...pictures,
    x: { shape: [3], dtype: 'float32' },
    normalisation: { scale: 1, mean: [0], std: [1] },
  };

  it('of bytes has pictures, with or without an axis for the one color', async () => {
    const { x, count } = await readInputs(pixels(), pictures);
    expect([count, [...x]]).toEqual([2, [0, 1, 2, 3, 252, 253, 254, 255]]);
  });

  it('is the only one of an archive, one that is called as usual, or the one of the name', async () => {
    expect((await readInputs(archive('one.npz', { some: [4, 3] }), rows)).count).toBe(4);
    const several = archive('several.npz', { y: [2], x: [2, 3], z: [5, 3] });
    expect((await readInputs(several, rows)).count).toBe(2);
    expect((await readInputs(`${several}?x=z`, rows)).count).toBe(5);
  });

  it.each<[string, () => string, RecordFormat, RegExp]>([
    [
      'has another shape',
      () => archive('wide.npz', { x: [2, 4] }),
      rows,
      /\(2, 4\) float32: the model takes records of shape \(3\)/,
    ],
    [
      'is not there',
      () => `${archive('two.npz', { a: [1], b: [1] })}`,
      rows,
      /has no array x, X, x_test: it holds a, b/,
    ],
    [
      'holds other numbers than pixels',
      () => archive('floats.npz', { x: [1, 2, 2] }),
      pictures,
      /holds float32, the model was trained on uint8/,
    ],
    [
      'is for columns that have names',
      () => archive('rows.npz', { x: [1, 2] }),
      named,
      /has no names of columns/,
    ],
  ])('is refused if it %s', async (_, file, records, words) => {
    expect(await refusalOf(readInputs(file(), records))).toMatch(words);
  });
});

describe('a picture to predict', () => {
  it('is what training would have read of it', async () => {
    const tree = join(
      import.meta.dirname,
      '../../../coordinator/prepare/data/sources/pictures/images/fixtures/pictures',
    );
    const data = await openData(`images:${tree}?size=5x4`);
    const size = 5 * 4 * 3;
    const known = [data.train, data.test].flatMap(({ count, x }) =>
      Array.from({ length: count }, (_, i) => `${x.subarray(i * size, (i + 1) * size)}`),
    );
    const inputs = await listInputs([join(tree, 'bird')]);
    expect(inputs.map((input) => nameOfInput(input))).toContain('turned.jpg');
    for (const input of inputs) {
      const { x, count, notes } = await readInputs(input, data);
      expect([count, notes]).toEqual([1, ["pictures are made as large as the model's: 5x4, fit=cover"]]);
      expect(known).toContain(`${x}`);
    }
  });
});

describe('an input is refused', () => {
  it('if it is a picture where none is taken, a folder without any, not there, or half of a file', async () => {
    const png = fileOf(readFileSync(join(import.meta.dirname, '../../../docs/join.png')), 'p.png');
    expect(await refusalOf(readInputs(png, named))).toMatch(/is a picture, and .* the columns a, b$/);
    const damaged = fileOf(readFileSync(png).subarray(0, 500), 'damaged.png');
    expect(await refusalOf(readInputs(damaged, pictures))).toMatch(
      /damaged\.png is no picture that can be read/,
    );
    expect(
      await refusalOf(listInputs([join(folder, 'empty')]).then(([input]) => readInputs(input!, named))),
    ).toMatch(/empty: no such file/);
    expect(await refusalOf(listInputs([import.meta.dirname]))).toMatch(/is a folder without pictures/);
    expect(await refusalOf(readInputs(join(folder, 'nowhere.csv'), named))).toMatch(
      /nowhere\.csv: no such file/,
    );
    const cut = fileOf(Buffer.from(zipSync({ 'x.npy': new Uint8Array(99) })).subarray(0, 60), 'cut.npz');
    expect(await refusalOf(readInputs(cut, named))).toMatch(/ZIP archive/);
    expect(await refusalOf(readInputs(fileOf(gzipSync(TABLE).subarray(0, 30), 'cut.gz'), named))).toMatch(
      /gzip/,
    );
  });
});
