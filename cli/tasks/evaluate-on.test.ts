/** Which records an evaluation is of: one part of a data set or both, without classes that the model does not know. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../coordinator/prepare/data/source.js';
import { partOf } from './evaluate-on.js';

const data: DataSet = {
  name: 'some',
  x: { shape: [2], dtype: 'float32' },
  y: { shape: [], dtype: 'int32' },
  label: { kind: 'class', classes: 2, names: ['a', 'b'] },
  normalisation: { scale: 1, mean: [0], std: [1] },
  train: { count: 2, x: Float32Array.of(1, 2, 3, 4), y: Int32Array.of(0, 1) },
  test: { count: 1, x: Float32Array.of(5, 6), y: Int32Array.of(1) },
  parts: { train: '2 of the 3 rows of f.csv', test: '1 of the 3 rows of f.csv' },
  unknownClasses: {
    train: [{ name: 'c', records: 4 }],
    test: [
      { name: 'c', records: 1 },
      { name: 'd', records: 2 },
    ],
  },
};

describe('the part of a data set that is evaluated', () => {
  it('is one of the two, and says which rows these are', () => {
    expect(partOf(data, 'test')).toEqual({
      part: data.test,
      text: 'test part: 1 of the 3 rows of f.csv',
      unknown: data.unknownClasses!.test,
    });
    expect(partOf(data, 'train').part).toBe(data.train);
  });

  it('or both, one behind the other', () => {
    expect(partOf(data, 'all')).toEqual({
      part: { count: 3, x: Float32Array.of(1, 2, 3, 4, 5, 6), y: Int32Array.of(0, 1, 1) },
      text: 'both parts: 2 of the 3 rows of f.csv, and 1 of the 3 rows of f.csv',
      unknown: [
        { name: 'c', records: 5 },
        { name: 'd', records: 2 },
      ],
    });
  });
});
