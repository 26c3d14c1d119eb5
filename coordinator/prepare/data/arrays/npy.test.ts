/** Arrays that numpy saved (fixtures/make-fixtures.py), against what numpy says that they hold. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../test/support/refusal.js';
import { unzipped } from '../files/zip.js';
import { readNpy } from './npy.js';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const saved = unzipped(fixture('arrays.npz'), 'arrays.npz');
const refused = unzipped(fixture('objects.npz'), 'objects.npz');
const { arrays } = JSON.parse(fixture('arrays.json').toString()) as {
  arrays: Record<string, { shape: number[]; values: (number | boolean | string)[] }>;
};

describe('an array of numpy', () => {
  it.each(Object.keys(arrays))('has the values that numpy says: %s', (name) => {
    const { shape, values } = arrays[name]!;
    const array = readNpy(saved.get(`${name}.npy`)!, name);
    expect(array.shape).toEqual(shape);
    const plain =
      array.kind === 'text'
        ? values
        : values.map((value) => (value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value)));
    expect(Array.from<number | string>(array.values)).toEqual(plain);
  });

  it('covers every fixture', () => {
    expect([...saved.keys()].sort()).toEqual(
      Object.keys(arrays)
        .map((name) => `${name}.npy`)
        .sort(),
    );
  });

  it.each([
    ['objects', /^objects holds Python objects \(allow_pickle\).*: save plain arrays$/],
    ['complex', /holds complex numbers: save their parts/],
    ['dates', /holds dates: save them as numbers/],
    ['spans', /holds time spans/],
    ['fields', /records with named fields: save each field/],
    ['void', /raw bytes without a type/],
    ['large', /^large holds an integer beyond 2\^53 \(value 0\)/],
  ])('is refused if it is none of plain values: %s', async (name, expected) => {
    expect(await refusalOf(() => readNpy(refused.get(`${name}.npy`)!, name))).toMatch(expected);
  });

  it('is refused at any length but its own', async () => {
    const bytes = saved.get('float32.npy')!;
    for (const length of [0, 5, 8, 9, 40, 100, bytes.length - 1])
      expect(await refusalOf(() => readNpy(bytes.subarray(0, length), 'a'))).toMatch(/^a (is|has)/);
    expect(await refusalOf(() => readNpy(Buffer.concat([bytes, Buffer.of(0)]), 'a'))).toMatch(
      /^a is too long/,
    );
    expect(await refusalOf(() => readNpy(Buffer.from('PK and more'), 'a'))).toMatch(/is no array of numpy/);
  });
});
