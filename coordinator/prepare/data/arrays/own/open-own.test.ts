import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../../shared/user-error.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import type { Reader } from '../../source.js';
import { openData } from '../../sources/sources.js';
import { readOwnData } from './open-own.js';
import type { OwnDataSet } from './own-data-set.js';

const open = async (data: unknown, reader?: Reader) => openData(await readOwnData(data), reader);
const refusal = (data: unknown, reader?: Reader) => refusalOf(open(data, reader));

const CLASS = { kind: 'class' } as const;
const numbers = (length: number) => Array.from({ length }, (_, i) => i);
/** Four records of two numbers, and two more to test. */
const small = {
  train: { x: numbers(8), y: [0, 1, 2, 1] },
  test: { x: [9, 9, 9, 9], y: [2, 0] },
  x: { shape: [2] },
  label: CLASS,
  normalize: 'none',
} satisfies OwnDataSet;

describe("a program's own data", () => {
  it('come as flat arrays, as arrays of records, from generators and from functions: the same', async () => {
    const rows = [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ];
    const labels = small.train.y;
    function* records() {
      for (const [at, x] of rows.entries()) yield { x, y: labels[at]! };
    }
    async function* later() {
      yield* records();
    }
    const forms: OwnDataSet['train'][] = [
      small.train,
      { x: Float32Array.from(numbers(8)), y: Uint8Array.from(labels) },
      { x: rows, y: labels },
      { x: rows.map((row) => Float64Array.from(row)), y: Int32Array.from(labels) },
      [...records()],
      records(),
      later(),
      records,
      async () => later(),
    ];
    const names = new Set<string>();
    for (const train of forms) {
      const given = await readOwnData({ ...small, train });
      const data = await openData(given);
      expect([...data.train.x]).toEqual(numbers(8));
      expect([...data.train.y]).toEqual(labels);
      expect(data.label).toEqual({ kind: 'class', classes: 3 });
      names.add(given.name);
    }
    expect([...names]).toEqual([expect.stringMatching(/^own:[0-9a-f]{64}$/)]);
  });

  it('have any number of classes at once, in rows of 0 and 1 or one after the other', async () => {
    const label = { kind: 'multilabel', names: ['sea', 'boat'] } as const;
    const flags = [1, 0, 1, 1, 0, 0, 0, 1];
    const rows = [flags.slice(0, 2), flags.slice(2, 4), flags.slice(4, 6), flags.slice(6)];
    const of = (y: unknown) =>
      open({ ...small, label, train: { x: numbers(8), y }, test: { x: [9, 9], y: [0, 1] } });
    for (const y of [flags, Uint8Array.from(flags), rows, rows.map((row) => row.map(Boolean))])
      expect(await of(y)).toMatchObject({
        ...{ label: { ...label, classes: 2 }, y: { shape: [2], dtype: 'uint8' } },
        train: { y: Uint8Array.from(flags) },
      });
    expect(await refusalOf(of([1, 0, 1, 1, 0, 0, 0, 0.5]))).toMatch(
      /train.y, record 3, class 1: 0.5 is neither 0 nor 1/,
    );
    expect(await refusalOf(of([1, 0, 1]))).toMatch(/train.y has 3 values, no multiple of 2/);
  });

  it('are named by all that decides the records', async () => {
    const names = new Set<string>();
    const others = [
      {},
      { train: { x: [0, 1, 2, 3, 4, 5, 6, 8], y: [0, 1, 2, 1] } },
      { train: { x: numbers(8), y: [0, 1, 2, 2] } },
      { test: { x: [9, 9, 9, 8], y: [2, 0] } },
      { test: 0.5 },
      { test: 0.5, seed: 2 },
      { normalize: 'standard' },
      { label: { kind: 'class', classes: 4 } },
      { label: { kind: 'value' } },
    ];
    for (const other of others) names.add((await readOwnData({ ...small, ...other })).name);
    expect(names.size).toBe(others.length);
  });

  it('of bytes with three axes are pictures; told as float32 they are numbers', async () => {
    const x = Uint8Array.from(numbers(8));
    const pictures = { ...small, train: { x, y: [0, 1] }, test: 0.5, x: { shape: [2, 2, 1] } };
    expect((await open(pictures)).x).toEqual({ shape: [2, 2, 1], dtype: 'uint8' });
    expect(
      (
        await open({
          ...pictures,
          train: { x: numbers(8), y: [0, 1] },
          x: { shape: [2, 2, 1], dtype: 'uint8' },
        })
      ).x.dtype,
    ).toBe('uint8');
    const floats = { ...pictures, x: { shape: [2, 2, 1], dtype: 'float32' } };
    expect((await open(floats)).x.dtype).toBe('float32');
  });

  it('have the classes that are told, in their order, also those that no record has', async () => {
    const names = ['owl', 'cat', 'dog', 'emu'];
    const train = { x: numbers(6), y: ['cat', 'dog', 'owl'] };
    const test = { x: [1, 1], y: ['cat'] };
    const data = await open({ ...small, train, test, label: { kind: 'class', names } });
    expect(data.label).toEqual({ kind: 'class', classes: 4, names });
    expect([...data.train.y, ...data.test.y]).toEqual([1, 2, 0, 1]);
    expect(data.warnings).toContain('no record of train.y has class emu: the model cannot learn it');
    const byNumber = await open({ ...small, label: { kind: 'class', names } });
    expect(byNumber.label).toEqual(data.label);
    expect((await open({ ...small, label: { kind: 'class', classes: 9 } })).label).toEqual({
      kind: 'class',
      classes: 9,
    });
    // For a model that knows the classes in another order.
    const trained = { ...data, label: { kind: 'class' as const, classes: 3, names: ['dog', 'emu', 'owl'] } };
    const seen = await open({ ...small, label: { kind: 'class', names } }, { trained });
    expect(seen.unknownClasses).toEqual({ train: [{ name: 'cat', records: 2 }], test: [] });
    expect([...seen.train.y, ...seen.test.y]).toEqual([2, 0, 0, 2]);
  });

  it('may be one-hot, have a class for each position, or be numbers to predict', async () => {
    const rows = [
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ];
    const oneHot = await open({ ...small, train: { x: numbers(8), y: rows }, test: 0.25 });
    expect(oneHot.label).toEqual({ kind: 'class', classes: 3 });
    const flat = { x: numbers(8), y: Int32Array.from([3, 1, 0, 2, 1, 1, 0, 0]) };
    const positions = await open({ ...small, train: flat, y: { shape: [2] }, test: 0.25 });
    expect(positions.y).toEqual({ shape: [2], dtype: 'int32' });
    const values = await open({ ...small, label: { kind: 'value' } });
    expect(values.label.kind).toBe('value');
    expect(
      (
        await open({
          ...small,
          label: undefined,
          train: { x: numbers(8), y: Float32Array.of(1, 2, 3, 4) },
          test: 0.25,
        })
      ).label.kind,
    ).toBe('value');
  });

  it.each([
    [
      { x: { shape: [28, 28, 1] }, train: { x: new Float32Array(7839), y: new Uint8Array(10) } },
      'train.x has 7,839 values; 10 records of [28,28,1] need 7,840',
    ],
    [{ test: { x: [1, 2, 3], y: [0, 1] } }, 'test.x has 3 values; 2 records of [2] need 4'],
    [{ train: { x: [[1, 2], [3]], y: [0, 1] } }, 'train.x, record 1 has 1 value; [2] needs 2 values'],
    [{ train: { x: [[1, 2]], y: [0, 1] } }, 'train.x has 1 record, the labels beside it 2'],
    [{ train: { x: [[1, 'a']], y: [0] } }, 'train.x, record 0, value 1: "a" is no finite number'],
    [
      { train: { x: [1, 2, 3, Number.NaN], y: [0, 1] } },
      'train.x, record 1, value 1: NaN is no finite number',
    ],
    [
      { train: { x: Float32Array.of(1, 2, Infinity, 0), y: [0, 1] } },
      'train.x, record 1, value 0: Infinity is no finite number',
    ],
    [
      {
        train: {
          x: [
            [1, 2],
            [3, 4],
          ],
          y: [0, 1.5],
        },
      },
      'train.y, record 1: 1.5 is no class: whole numbers from 0 are',
    ],
    [
      { label: { kind: 'class', classes: 2 } },
      'train.y, record 2: 2 is no class: whole numbers from 0 to 1 are',
    ],
    [
      { label: { kind: 'class', names: ['a', 'b'] }, train: [{ x: [1, 2], y: 'c' }] },
      'train, record 0: y: "c" is none of label.names (a, b)',
    ],
    [
      {
        train: [
          { x: [1, 2], y: 'c' },
          { x: [1, 2], y: 3 },
        ],
      },
      'train, record 1: y is 3, those before it are names of classes',
    ],
    [
      {
        train: [
          { x: [1, 2], y: 0 },
          { x: [1], y: 3 },
        ],
      },
      'train, record 1: x has 1 value; [2] needs 2 values',
    ],
    [{ train: [{ x: [1, 2], y: 0 }, { z: [1] }] }, 'train, record 1 must be { x, y }, not an object (z)'],
    [
      { train: [{ x: [[1, 2], [3]], y: 0 }], x: { shape: [3] } },
      'train, record 0: x, value 2: the lists beside each other have 2 and 1 values: make them equally long',
    ],
    [
      { x: { shape: [2], dtype: 'uint8' }, train: { x: [1, 2, 3, 256], y: [0, 1] } },
      'train.x, record 1, value 1: 256 is no byte: dtype uint8 holds whole numbers from 0 to 255',
    ],
    [
      { label: undefined },
      "train.y holds numbers: say label: { kind: 'class' }, or { kind: 'value' } for numbers to predict",
    ],
    [{ train: [] }, 'train has no records: give more data'],
    [{ train: { x: [], y: [] } }, 'train.x has no records: give more data'],
    [{ train: 7 }, 'train must be { x, y }, records of { x, y }, or a function that returns them, not 7'],
    [
      { train: { x: BigInt64Array.of(1n, 2n), y: [0] } },
      'train.x, record 0, value 0: the bigint 1 is no finite number',
    ],
    [
      { labels: CLASS },
      'data has no labels; known are train, test, x, y, label, normalize, seed; did you mean label?',
    ],
    [
      { label: { kind: 'klass' } },
      "label.kind must be 'class', 'multilabel' (any number of classes at once) or 'value' (a number to predict)",
    ],
    [
      { label: { kind: 'class', names: ['a', 'a'] } },
      'label.names has a twice: each class needs a name of its own',
    ],
    [{ x: { shape: [0] } }, 'x.shape must be sizes of at least 1, such as [28, 28, 1]'],
    [
      { x: { shape: [2], dtype: 'float64' } },
      'x.dtype must be uint8 or float32, not "float64" (float32 holds whole numbers up to 2^24 exactly)',
    ],
    [{ normalize: [{ toString: 0 }] }, 'normalize must be auto, standard or none, not a list of 1'],
    [{ test: 1.5 }, 'test must be records, or a share above 0 and below 1, not 1.5'],
  ])('are refused with the place and the remedy: %#', async (other, message) => {
    expect(await refusal({ ...small, ...other })).toBe(message);
  });

  it('that a program damages in any one place are refused, or taken as they are: nothing fails in another way', async () => {
    const junk = fc.oneof(fc.anything(), fc.constantFrom(NaN, -1, 0.5, 1e300, 'a', null, [], [[1]], {}));
    const places = fc.constantFrom(
      ['train'],
      ['test'],
      ['x'],
      ['y'],
      ['label'],
      ['train', 'x'],
      ['train', 'y'],
      ['train', 'y', '1'],
      ['train', 'x', '3'],
      ['x', 'shape'],
      ['label', 'names'],
      ['seed'],
      ['normalize'],
    );
    await fc.assert(
      fc.asyncProperty(places, junk, async (place, value) => {
        const data = structuredClone<object>(small) as Record<string, unknown>;
        const inner = place.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as never, data);
        inner[place.at(-1)!] = value;
        try {
          const { train } = await open(data);
          for (const number of [...train.x, ...train.y]) expect(Number.isFinite(number)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });

  it("whose generator throws: the program's own error", async () => {
    const failing = {
      ...small,
      *train() {
        yield { x: [1, 2], y: 0 };
        throw new TypeError('of the program');
      },
    };
    await expect(open(failing)).rejects.toThrow(TypeError);
  });
});
