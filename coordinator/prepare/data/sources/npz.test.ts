import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import type { DataSet, Reader } from '../source.js';
import { absoluteData, openData } from './sources.js';

const root = temporaryFolder();
let files = 0;

type Values = Uint8Array | Int32Array | Float32Array | Float64Array | string[];
const DESCR = { Uint8Array: '|u1', Int32Array: '<i4', Float32Array: '<f4', Float64Array: '<f8' };

/** An array as numpy writes it. */
function npy(shape: number[], values: Values): Uint8Array {
  const isText = Array.isArray(values);
  const width = isText ? Math.max(...values.map((text) => text.length)) : 0;
  const descr = isText ? `<U${width}` : DESCR[values.constructor.name as keyof typeof DESCR];
  const body = isText
    ? Uint32Array.from(
        values.flatMap((text) => Array.from({ length: width }, (_, i) => text.codePointAt(i) ?? 0)),
      )
    : values;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((size) => `${size},`).join('')}), }\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${dict}`, 'latin1');
  head.writeUInt16LE(dict.length, 8);
  return Buffer.concat([head, new Uint8Array(body.buffer, body.byteOffset, body.byteLength)]);
}

function file(arrays: Record<string, [shape: number[], values: Values]>): string {
  const path = join(root, `${files++}.npz`);
  const entries = Object.entries(arrays).map(([name, [shape, values]]) => [
    `${name}.npy`,
    npy(shape, values),
  ]);
  writeFileSync(path, zipSync(Object.fromEntries(entries)));
  return path;
}

const open = (spec: string, reader?: Reader): Promise<DataSet> => openData(spec, reader);
const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i);

describe('npz', () => {
  it("reads Keras' arrays of pictures: bytes, with one color, in two parts", async () => {
    const data = await open(
      `npz:${file({
        x_train: [[3, 2, 2], counting(12)],
        y_train: [[3], Uint8Array.of(0, 2, 1)],
        x_test: [[1, 2, 2], Uint8Array.of(9, 8, 7, 6)],
        y_test: [[1], Uint8Array.of(2)],
      })}`,
    );
    expect(data.x).toEqual({ shape: [2, 2, 1], dtype: 'uint8' });
    expect(data.label).toEqual({ kind: 'class', classes: 3 });
    expect([...data.train.x]).toEqual([...counting(12)]);
    expect([...data.train.y, ...data.test.y]).toEqual([0, 2, 1, 2]);
    expect(data.normalisation.scale).toBe(1 / 255);
    // By hand: 0 to 11 have mean 5.5 and variance 143 / 12.
    expect(data.normalisation.mean[0]).toBeCloseTo(5.5 / 255, 6);
    expect(data.normalisation.std[0]).toBeCloseTo(Math.sqrt(143 / 12) / 255, 6);
  });

  it('standardizes columns in float64, so that neither scale nor offset is lost', async () => {
    const x = Float64Array.of(1e9 + 1, -1e-30, 1e9 + 3, 1e-30);
    const data = await open(
      `npz:${file({ x_train: [[2, 2], x], y_train: [[2], Int32Array.of(0, 1)], x_test: [[2, 2], x], y_test: [[2], Int32Array.of(0, 1)] })}`,
    );
    expect([...data.train.x]).toEqual([-1, -1, 1, 1]);
    expect(data.columns?.features[0]).toEqual({ name: 'x0', mean: 1e9 + 2, std: 1 });
    expect(data.normalisation).toEqual({ scale: 1, mean: [0], std: [1] });
  });

  it('lets engines standardize more axes, along the last', async () => {
    const x = Float32Array.of(0, 10, 2, 10, 0, 30, 2, 30);
    const data = await open(
      `npz:${file({ x_train: [[2, 2, 2], x], y_train: [[2], Int32Array.of(0, 1)], x_test: [[2, 2, 2], x], y_test: [[2], Int32Array.of(1, 0)] })}`,
    );
    expect(data.x).toEqual({ shape: [2, 2], dtype: 'float32' });
    expect(data.normalisation).toEqual({ scale: 1, mean: [1, 20], std: [1, 10] });
    expect([...data.train.x]).toEqual([...x]);
  });

  it('draws a test set where there is none, each record once', async () => {
    const count = 10;
    const x = Float32Array.from({ length: count }, (_, i) => i);
    const path = file({ x: [[count], x], y: [[count], Int32Array.from(x, (value) => value % 2)] });
    const of = async (spec: string) => {
      const { train, test, parts } = await open(spec);
      return { train: [...train.x], test: [...test.x], parts, count: [train.count, test.count] };
    };
    const one = await of(`npz:${path}?test=0.3&normalize=none`);
    expect(one.count).toEqual([7, 3]);
    expect([...one.train, ...one.test].sort()).toEqual([...x].sort());
    expect(one.parts!.test).toMatch(/^3 of the 10 records of .*array x, drawn by test=0.3&seed=1$/);
    expect(await of(`npz:${path}?test=0.3&normalize=none`)).toEqual(one);
    expect((await of(`npz:${path}?test=0.3&normalize=none&seed=2`)).test).not.toEqual(one.test);
  });

  it('takes texts for names of classes, one-hot rows for classes, and decimals for numbers to predict', async () => {
    const x: [number[], Values] = [[4, 1], Float32Array.of(1, 2, 3, 4)];
    const names = await open(`npz:${file({ x, y: [[4], ['dog', 'cat', 'dog', 'cat']] })}?test=0.5`);
    expect(names.label).toEqual({ kind: 'class', classes: 2, names: ['cat', 'dog'] });
    const oneHot = await open(
      `npz:${file({ x_train: x, y_train: [[4, 2], Float32Array.of(0, 1, 1, 0, 1, 0, 0, 1)], x_test: x, y_test: [[4, 2], Float32Array.of(1, 0, 1, 0, 1, 0, 1, 0)] })}`,
    );
    expect([...oneHot.train.y]).toEqual([1, 0, 0, 1]);
    expect(oneHot.notes).toContainEqual(expect.stringMatching(/y_train is one-hot: 2 classes$/));
    const y = Float64Array.of(1, 3, 1, 3);
    const numbers = await open(
      `npz:${file({ x_train: x, y_train: [[4, 1], y], x_test: x, y_test: [[4, 1], y] })}`,
    );
    expect(numbers.label).toEqual({ kind: 'value', scaling: { mean: 2, std: 1 } });
    expect([...numbers.train.y]).toEqual([-1, 1, -1, 1]);
    expect(numbers.notes).toContainEqual(
      expect.stringMatching(/y_train holds float64: a regression \(task=classification/),
    );
  });

  it('takes columns of 0 and 1 for several classes at once, where that is meant or they are not one-hot', async () => {
    const x: [number[], Values] = [[4, 1], Float32Array.of(1, 2, 3, 4)];
    const flags: [number[], Values] = [[4, 2], Float32Array.of(0, 1, 1, 1, 0, 0, 0, 1)];
    const of = (y: [number[], Values], options = '') =>
      open(`npz:${file({ x_train: x, y_train: y, x_test: x, y_test: y })}${options}`);
    const several = await of(flags);
    expect(several).toMatchObject({
      ...{ y: { shape: [2], dtype: 'uint8' }, label: { kind: 'multilabel', classes: 2 } },
      train: { y: Uint8Array.of(0, 1, 1, 1, 0, 0, 0, 1) },
    });
    expect(several.notes).toContainEqual(
      expect.stringMatching(/0 and 1 in 2 columns: any number of classes at once/),
    );
    const oneHot: [number[], Values] = [[4, 2], Int32Array.of(0, 1, 1, 0, 1, 0, 0, 1)];
    expect((await of(oneHot)).label.kind).toBe('class');
    expect((await of(oneHot, '?task=multilabel')).label.kind).toBe('multilabel');
    const positions = await of([[4, 2], Int32Array.of(0, 1, 1, 1, 0, 0, 0, 1)], '?task=classification');
    expect(positions.y).toEqual({ shape: [2], dtype: 'int32' });
    const { y, label, normalisation } = several;
    const trained = { x: several.x, y, label, normalisation };
    const path = file({ x, y: oneHot });
    expect((await open(`npz:${path}`, { trained })).label).toEqual(label);
    expect(await refusalOf(of([[4, 2], Int32Array.of(0, 1, 2, 1, 0, 0, 0, 1)], '?task=multilabel'))).toMatch(
      /record 1, class 0: 2 is neither 0 nor 1/,
    );
    expect(await refusalOf(of([[4], Int32Array.of(0, 1, 0, 1)], '?task=multilabel'))).toMatch(
      /labels of shape \[\]: several classes at once are a column of 0 and 1 for each/,
    );
  });

  it('gives a class to each position where y has as many numbers as x', async () => {
    const data = await open(
      `npz:${file({ x: [[4, 3], Int32Array.from(counting(12))], y: [[4, 3], Int32Array.from(counting(12))] })}?normalize=none`,
    );
    expect(data.y).toEqual({ shape: [3], dtype: 'int32' });
    expect(data.label).toEqual({ kind: 'class', classes: 12 });
  });

  it('takes shapes and names of arrays from its options', async () => {
    const path = file({ pixels: [[4, 6], counting(24)], kind: [[4], Int32Array.of(0, 1, 0, 1)] });
    const data = await open(`npz:${path}?x=pixels&y=kind&shape=2x3x1`);
    expect(data.x).toEqual({ shape: [2, 3, 1], dtype: 'uint8' });
  });

  it('reads other data as the model was trained: scales, and classes by name', async () => {
    const path = file({ x: [[4, 1], Float32Array.of(0, 2, 0, 2)], y: [[4], ['b', 'a', 'b', 'a']] });
    const trained = await open(`npz:${path}?test=0.5`);
    const other = await open(
      `npz:${file({ x: [[4, 1], Float32Array.of(5, 5, 5, 5)], y: [[4], ['b', 'c', 'a', 'c']] })}?test=0.5`,
      { trained },
    );
    const { mean, std } = trained.columns!.features[0]!;
    const fed = [...other.train.x, ...other.test.x];
    expect(fed).toEqual(fed.map(() => Math.fround((5 - mean) / std)));
    expect(fed).toHaveLength(2);
    const { train, test } = other.unknownClasses!;
    expect([...train, ...test].reduce((sum, { records }) => sum + records, 0)).toBe(2);
    expect([...other.train.y, ...other.test.y].sort()).toEqual([0, 1]);
  });

  it('is not matched by position with columns that have names', async () => {
    const csv = join(root, 'named.csv');
    writeFileSync(csv, 'width,height,kind\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n');
    const trained = await open(`csv:${csv}?label=kind`);
    const path = file({
      x: [[4, 2], Float32Array.of(2, 1, 4, 3, 6, 5, 8, 7)],
      y: [[4], ['a', 'b', 'a', 'b']],
    });
    expect(await refusalOf(open(`npz:${path}`, { trained }))).toMatch(
      /array x has no names of columns, the model was trained on width, height: give a table with these names/,
    );
  });

  it('asks for the ends of the model once', async () => {
    let asked = 0;
    const endsOf = async () => {
      asked++;
      return {};
    };
    const path = file({ x: [[4, 1], Float32Array.of(1, 2, 3, 4)], y: [[4], Float32Array.of(1, 2, 3, 4)] });
    await open(`npz:${path}`, { endsOf });
    expect(asked).toBe(1);
  });

  it('refuses values that are no indices of the model that takes some', async () => {
    const endsOf = async () => ({ input: { layer: 'e', takes: 'indices' as const, below: 3 } });
    const at = (values: number[]) =>
      `npz:${file({ x: [[2, 2], Int32Array.from(values)], y: [[2], Int32Array.of(0, 1)] })}?test=0.5`;
    expect([...(await open(at([0, 1, 2, 0]), { endsOf })).train.x]).toHaveLength(2);
    expect(await refusalOf(open(at([0, 1, 3, 3]), { endsOf }))).toMatch(
      /array x, record 0, value \d: 3 is not an index of layer e, which has 0 to 2$/,
    );
  });

  const xs: [number[], Values] = [[3, 1], Float32Array.of(1, 2, 3)];
  it.each<[string, string, Record<string, [number[], Values]>, RegExp]>([
    [
      'arrays under other names',
      '',
      { a: xs, b: xs },
      /has no array x_train, x, X: it holds a \(3, 1\) float32, b \(3, 1\) float32; x=NAME names one$/,
    ],
    ['an array that is not there', '?x=c', { a: xs }, /has no array c: it holds a \(3, 1\) float32/],
    [
      'records without labels',
      '',
      { x: xs, y: [[2], Int32Array.of(0, 1)] },
      /array x has 3 records, .*array y 2: they do not match/,
    ],
    [
      'a test set without labels',
      '',
      { x: xs, y: [[3], Int32Array.of(0, 1, 1)], x_test: xs },
      /array x_test has no counterpart/,
    ],
    [
      'a single value',
      '',
      { x: [[], Float32Array.of(1)], y: [[], Float32Array.of(1)] },
      /array x is a single value: records stand along the first axis/,
    ],
    [
      'no records',
      '',
      { x: [[0, 1], new Float32Array(0)], y: [[0], new Int32Array(0)] },
      /array x has no records/,
    ],
    [
      'NaN',
      '?test=0.4',
      { x: [[3, 1], Float32Array.of(1, Number.NaN, Number.NaN)], y: [[3], Int32Array.of(0, 1, 1)] },
      /array x, record \d, value 0: NaN is no number/,
    ],
    [
      'a negative class',
      '',
      { x: xs, y: [[3], Int32Array.of(0, -1, 1)] },
      /array y, record \d: -1 is no class: whole numbers from 0 are \(task=regression predicts the number\)/,
    ],
    [
      'identifiers in place of classes',
      '',
      { x: xs, y: [[3], Int32Array.of(0, 70000, 1)] },
      /these are no classes from 0 on/,
    ],
    [
      'one class',
      '',
      { x: xs, y: [[3], Int32Array.of(0, 0, 0)] },
      /has only one class \(0\): nothing to tell apart/,
    ],
    [
      'several numbers to predict',
      '',
      { x: xs, y: [[3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)] },
      /has 2 numbers a record: a regression predicts one/,
    ],
    [
      'texts to be learned from',
      '',
      { x: [[3], ['a', 'b', 'c']], y: [[3], Int32Array.of(0, 1, 1)] },
      /array x holds texts: a model is fed numbers/,
    ],
    [
      'a shape of another size',
      '?shape=2x2',
      { x: xs, y: [[3], Int32Array.of(0, 1, 1)] },
      /shape=2x2 has 4 values a record, .* has 1 \(\[1\]\)/,
    ],
  ])('refuses %s', async (_, query, arrays, expected) => {
    expect(await refusalOf(open(`npz:${file(arrays)}${query}`))).toMatch(expected);
  });

  it('refuses what is no archive, or a part of one', async () => {
    const path = join(root, 'none.npz');
    writeFileSync(path, 'hello');
    expect(await refusalOf(open(`npz:${path}`))).toBe(`${path} is no ZIP archive: check the path of --data`);
    const whole = zipSync({ 'x.npy': npy([1], Float32Array.of(1)) });
    writeFileSync(path, whole.subarray(0, whole.length - 30));
    expect(await refusalOf(open(`npz:${path}`))).toMatch(/none\.npz is no complete ZIP archive/);
    writeFileSync(path, zipSync({ 'readme.txt': strToU8('hi') }));
    expect(await refusalOf(open(`npz:${path}`))).toMatch(/has no array x_train, x, X: it holds no arrays/);
  });
});

describe('npy', () => {
  it('reads one array a file', async () => {
    const dir = join(root, `npy${files++}`);
    mkdirSync(dir);
    const [x, y] = [join(dir, 'x.npy'), join(dir, 'y.npy')];
    writeFileSync(x, npy([4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
    writeFileSync(y, npy([4], Int32Array.of(0, 1, 1, 0)));
    const data = await open(`npy:${x}?y=${y}&normalize=none`);
    expect([data.train.count, data.test.count]).toEqual([3, 1]);
    expect(await refusalOf(open(`npy:${x}`))).toMatch(
      /needs a file of records and one of labels: npy:FILE\?y=FILE/,
    );
  });
});

it('the ending of a file names its source', async () => {
  expect(absoluteData('/a/b.NPZ?x=p')).toBe('npz:/a/b.NPZ?x=p');
  expect(absoluteData('/a/b.csv.gz?label=y')).toBe('csv:/a/b.csv.gz?label=y');
  const path = file({ x: [[4, 1], Float32Array.of(1, 2, 3, 4)], y: [[4], Int32Array.of(0, 1, 1, 0)] });
  expect((await open(path)).name).toBe(`npz:${path}`);
});

describe('weights of records in arrays', () => {
  const x: [number[], Values] = [[10, 1], Float32Array.from({ length: 10 }, (_, i) => i)];
  const y: [number[], Values] = [[10], Int32Array.from({ length: 10 }, (_, i) => i % 2)];
  const weights = (...values: number[]): [number[], Values] => [[values.length], Float64Array.from(values)];
  const all = weights(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);

  it.each([
    ['sample_weight', ''],
    ['sample_weight_train', ''],
    ['mine', '&weight=mine'],
  ])('are those of the array %s', async (name, option) => {
    const data = await openData(`npz:${file({ x, y, [name]: all })}?normalize=none${option}`);
    expect([...data.train.weight!]).toEqual([...data.train.x]);
    expect(data.notes!.join('\n')).toContain(`array ${name} is what each training record counts`);
  });

  it.each<[[number[], Values], string]>([
    [weights(1, 2), 'has shape [2], '],
    [[[10, 1], new Float64Array(10).fill(1)], 'weights are one number a record'],
    [[[10], Array.from({ length: 10 }, () => 'a')], 'holds texts: weights are numbers of at least 0'],
  ])('are refused: %j', async (given, message) => {
    expect(await refusalOf(openData(`npz:${file({ x, y, sample_weight: given })}`))).toContain(message);
  });

  it('are refused where they are asked for and not there', async () => {
    expect(await refusalOf(openData(`npz:${file({ x, y })}?weight=mine`))).toContain('has no array mine');
  });
});
