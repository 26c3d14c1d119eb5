import { describe, expect, it } from 'vitest';
import type { DataSet } from '../source.js';
import { ObjectStore, storeSplit } from '../store.js';
import { classWeightsOf, parseClassWeight } from './class-weights.js';

/** One value a record, and these classes. */
function dataOf(y: number[], names: string[] | undefined = ['cat', 'dog', 'emu, big']): DataSet {
  const records = { count: y.length, x: new Float32Array(y.length), y: Uint8Array.from(y) };
  return {
    name: 'animals',
    x: { shape: [1], dtype: 'float32' },
    y: { shape: [], dtype: 'uint8' },
    label: { kind: 'class', classes: 3, ...(names && { names }) },
    normalisation: { scale: 1, mean: [0], std: [1] },
    train: records,
    test: records,
  };
}
const DATA = dataOf([0, 0, 0, 0, 0, 0, 1, 1, 2]);

describe('--class-weight', () => {
  it('balanced gives the weights of scikit-learn, by the training records', () => {
    // compute_class_weight('balanced', classes=[0, 1, 2], y=[0] * 6 + [1] * 2 + [2]) of scikit-learn 1.9
    expect(classWeightsOf('balanced', DATA)).toEqual({
      weights: [0.5, 1.5, 3],
      note: 'class weights: cat 0.5, dog 1.5, emu, big 3',
    });
    expect(classWeightsOf('balanced', dataOf([0, 0, 0, 2])).weights).toEqual([4 / 6, 1, 2]);
  });

  it('balanced reads stored records chunk by chunk', () => {
    const store = new ObjectStore();
    const x = { shape: [100_000], dtype: 'float32' as const };
    const values = new Float32Array(9 * 100_000);
    const train = storeSplit(store, { ...DATA, x, train: { ...DATA.train, x: values } }, 'train');
    expect(train.chunks.length).toBe(5);
    const data: DataSet = {
      ...DATA,
      x,
      stored: { train, test: train, objects: store },
      get train(): never {
        throw new Error('all are read at once');
      },
    };
    expect(classWeightsOf('balanced', data).weights).toEqual([0.5, 1.5, 3]);
  });

  it.each([
    ['dog=3', [1, 3, 1]],
    ['cat=0,dog=.5', [0, 0.5, 1]],
    ['{"emu, big": 4, "cat": 2}', [2, 1, 4]],
  ])('%s counts classes by their names, and others as 1', (text, weights) => {
    expect(classWeightsOf(text, DATA).weights).toEqual(weights);
  });

  it('takes the numbers of classes that have no names', () => {
    const { label, ...others } = dataOf([0, 1, 2]);
    const data = { ...others, label: { kind: 'class', classes: 3 } } as DataSet;
    expect(label.kind).toBe('class');
    expect(classWeightsOf('1=5', data).weights).toEqual([1, 5, 1]);
  });

  it.each([
    [
      'dogg=3',
      '--class-weight names class "dogg", which the data lack: known are cat, dog, emu, big; did you mean dog?',
    ],
    ['dog', '--class-weight must be balanced, CLASS=WEIGHT,... or a JSON object, not dog'],
    ['dog=-1', '--class-weight gives class dog "-1": give a number of at least 0'],
    ['dog=many', 'gives class dog "many"'],
    ['dog=1e99', 'gives class dog 1e+99'],
    ['dog=1,dog=2', 'has class dog twice: leave one of them out'],
    ['{"dog": "2"}', 'gives class dog "2": give a number of at least 0'],
    ['{"dog"', '--class-weight is no JSON object'],
    ['{"cat": 0, "dog": 0, "emu, big": 0}', '--class-weight gives every class 0: nothing would be learned'],
  ])('%s is refused', (text, message) => {
    expect(() => classWeightsOf(text, DATA)).toThrow(message);
  });

  it('is refused for numbers, and for a class at each position', () => {
    const numbers = { ...DATA, label: { kind: 'value' } as const };
    expect(() => classWeightsOf('balanced', numbers)).toThrow(
      '--class-weight is for classes, and the labels of animals are numbers',
    );
    const positions = { ...DATA, y: { shape: [4], dtype: 'uint8' } as const };
    expect(() => classWeightsOf('balanced', { ...positions, y: { ...positions.y, shape: [4] } })).toThrow(
      'is for one class a record, and animals has one for each of [4] positions',
    );
  });

  it('is read without data, so that a mistake is told at once', () => {
    expect(parseClassWeight('balanced')).toBe('balanced');
    expect(parseClassWeight('a=b=2')).toEqual(new Map([['a=b', 2]]));
  });
});
