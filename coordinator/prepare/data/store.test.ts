import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherRecords } from '../../../shared/data/gather-records.js';
import {
  type Dtype,
  elementsOf,
  newRecordArray,
  recordArrayOf,
  recordBytes,
  type TensorSpec,
} from '../../../shared/data/manifest.js';
import { tableFiles } from '../../../test/support/files/csv-files.js';
import type { DataSet, Records } from './source.js';
import { dataName, openData } from './sources/sources.js';
import { contentHash, hashUnderName, ObjectStore, storeSplit } from './store.js';

const MIB = 1 << 20;

function dataSet(x: TensorSpec, y: TensorSpec, trainCount: number, testCount: number, seed = 1): DataSet {
  const records = (count: number, salt: number): Records => {
    const array = ({ dtype, shape }: TensorSpec) => {
      const values = newRecordArray(dtype, count * elementsOf({ dtype, shape }));
      for (let i = 0; i < values.length; i++) values[i] = (i * 31 + (i >> 8) * 7 + salt * 101) % 251;
      return values;
    };
    return { count, x: array(x), y: array(y) };
  };
  return {
    name: 'made',
    x,
    y,
    label: { kind: 'value' },
    normalisation: { scale: 1, mean: [0], std: [1] },
    train: records(trainCount, seed),
    test: records(testCount, seed + 1),
  };
}

const vector = (length: number, dtype: Dtype = 'uint8'): TensorSpec => ({ shape: [length], dtype });
const scalar = (dtype: Dtype = 'uint8'): TensorSpec => ({ shape: [], dtype });

describe('the store', () => {
  it('names objects by the SHA-256 of their bytes', () => {
    const store = new ObjectStore();
    const bytes = Buffer.from('abc');
    const sha256 = store.put(bytes);
    expect(sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(store.get(sha256)).toEqual(bytes);
    expect(store.get('0'.repeat(64))).toBeUndefined();
  });
});

describe('a part of a data set in the store', () => {
  it('has the weights of training records behind their labels, and of test records none', () => {
    const made = dataSet(vector(3), scalar(), 5, 4);
    const weight = Float32Array.of(1, 0, 0.5, 2, 7.25);
    const store = new ObjectStore();
    const data = { ...made, train: { ...made.train, weight } };
    const train = storeSplit(store, data, 'train');
    expect(train.weighted).toBe(true);
    expect(train.chunks[0]!.bytes).toBe(5 * (3 + 1 + 4));
    const indices = Uint32Array.of(4, 0, 3);
    const {
      x,
      y,
      weight: found,
    } = gatherRecords(train, indices, (at) => store.get(train.chunks[at]!.sha256)!);
    const { x: givenX, y: givenY } = made.train;
    expect([...x]).toEqual([4, 0, 3].flatMap((at) => [...givenX.subarray(3 * at, 3 * at + 3)]));
    expect([...y]).toEqual([4, 0, 3].map((at) => givenY[at]));
    expect(found).toEqual(Float32Array.of(7.25, 1, 2));
    const test = storeSplit(store, data, 'test');
    expect(test).toEqual(storeSplit(new ObjectStore(), made, 'test'));
    expect(test.weighted).toBeUndefined();
  });

  it('stands in chunks of at most 1 MiB, all of the same number of records but the last', () => {
    const store = new ObjectStore();
    const data = dataSet(vector(784), scalar(), 3000, 10);
    const manifest = storeSplit(store, data, 'train');
    const perChunk = Math.floor(MIB / 785);
    expect(manifest.recordsPerChunk).toBe(perChunk);
    expect(manifest.chunks.map(({ records }) => records)).toEqual([perChunk, perChunk, 3000 - 2 * perChunk]);
    for (const { sha256, records, bytes } of manifest.chunks) {
      const object = store.get(sha256)!;
      expect(bytes).toBe(records * 785);
      expect(object.length).toBe(bytes);
      expect(createHash('sha256').update(object).digest('hex')).toBe(sha256);
    }
  });

  it('holds a record that is larger than a chunk in a chunk of its own', () => {
    const data = dataSet(vector(MIB + 5), scalar(), 2, 1);
    const manifest = storeSplit(new ObjectStore(), data, 'train');
    expect(manifest.recordsPerChunk).toBe(1);
    expect(manifest.chunks.map(({ bytes }) => bytes)).toEqual([MIB + 6, MIB + 6]);
  });

  it('that has moved has its contents still, and under its old name the hash of its whole manifest', async () => {
    const table = tableFiles();
    const split = async (spec: string) => storeSplit(new ObjectStore(), await openData(spec), 'train');
    const specs = ['a?.csv', 'b.csv'].map(
      (name) => `csv:${table('1,0\n2,1\n3,0\n', name).replace('?', '%3F')}?label=1`,
    );
    const [before, after] = [await split(specs[0]!), await split(specs[1]!)];
    const whole = createHash('sha256').update(JSON.stringify(before)).digest('hex');
    expect(contentHash(after)).toBe(contentHash(before));
    expect(hashUnderName(after, dataName(specs[0]!))).toBe(whole);
    expect(hashUnderName(after, dataName(specs[1]!))).not.toBe(whole);
  });

  it('tells all that a worker must know', () => {
    const data = dataSet(vector(3, 'float32'), vector(2, 'float32'), 7, 4);
    const manifest = storeSplit(new ObjectStore(), data, 'test');
    const { name, x, y, label, normalisation } = data;
    expect(manifest).toMatchObject({
      format: 1,
      split: 'test',
      records: 4,
      name,
      x,
      y,
      label,
      normalisation,
    });
  });

  it('gives every record back, whatever its shape and dtype', () => {
    const dtypes = fc.constantFrom<Dtype>('uint8', 'int32', 'float32');
    const shapes = fc.record({
      xDtype: dtypes,
      yDtype: dtypes,
      // Large enough that several chunks are needed now and then.
      xLength: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 60_000, max: 90_000 })),
      yLength: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(shapes, ({ xDtype, yDtype, xLength, yLength, count }) => {
        const data = dataSet(vector(xLength, xDtype), vector(yLength, yDtype), count, 1);
        const store = new ObjectStore();
        const manifest = storeSplit(store, data, 'train');
        const length = recordBytes(manifest);
        let at = 0;
        for (const { sha256, records } of manifest.chunks) {
          const bytes = store.get(sha256)!;
          for (let record = 0; record < records; record++, at++) {
            const whole = Uint8Array.from(bytes.subarray(record * length, (record + 1) * length));
            const xBytes = length - recordArrayOf(yDtype, new Uint8Array(0)).BYTES_PER_ELEMENT * yLength;
            const x = recordArrayOf(xDtype, whole.slice(0, xBytes));
            const y = recordArrayOf(yDtype, whole.slice(xBytes));
            const expected = data.train.x.slice(at * xLength, (at + 1) * xLength);
            expect(Buffer.from(x.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
            expect([...y]).toEqual([...data.train.y.subarray(at * yLength, (at + 1) * yLength)]);
          }
        }
        expect(at).toBe(count);
      }),
      { numRuns: 30 },
    );
  });

  it('reads arrays that are views into larger buffers', () => {
    const data = dataSet(vector(4), scalar(), 3, 1);
    const buffer = new Uint8Array(100).fill(255);
    data.train.x = buffer.subarray(16, 28).fill(7);
    const store = new ObjectStore();
    const { chunks } = storeSplit(store, data, 'train');
    expect([...store.get(chunks[0]!.sha256)!.subarray(0, 4)]).toEqual([7, 7, 7, 7]);
  });

  it('of training and test share no chunk, unless their bytes are equal', async () => {
    const digits = await openData('digits?train=3000&test=1500');
    for (const data of [digits, dataSet(vector(784), scalar(), 3000, 3000)]) {
      const store = new ObjectStore();
      const [train, test] = [storeSplit(store, data, 'train'), storeSplit(store, data, 'test')];
      const names = [...train.chunks, ...test.chunks].map(({ sha256 }) => sha256);
      expect(new Set(names).size).toBe(names.length);
    }
    const same = dataSet(vector(10), scalar(), 5, 5);
    same.test = same.train;
    const store = new ObjectStore();
    expect(storeSplit(store, same, 'test').chunks).toEqual(storeSplit(store, same, 'train').chunks);
  });
});
