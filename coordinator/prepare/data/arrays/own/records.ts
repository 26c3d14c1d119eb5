/** One part of a program's data as two arrays: records that come one after the other, or all at once. */
import { sizeOf } from '../../../../../shared/numerics/shape.js';
import { UserError } from '../../../../../shared/user-error.js';
import type { Pair } from '../data-set.js';
import type { PlainArray } from '../plain-array.js';
import { LabelColumn } from './label-column.js';
import type { OwnArrays, OwnDataSet, OwnRecord, OwnRecords } from './own-data-set.js';
import { addNumbers, checkRecordLength, counted, isBytes, isFlat, isList, Numbers, shown } from './values.js';

type Form = Pick<OwnDataSet, 'x' | 'y' | 'label'>;

/**
 * @param place names the part: `train`, or `FILE: train`
 * @throws UserError naming the place and the remedy; whatever the program's own iterator throws
 */
export async function pairOf(part: OwnRecords, form: Form, place: string): Promise<Pair> {
  const given = typeof part === 'function' ? await part() : part;
  const isIterable =
    typeof given === 'object' &&
    given !== null &&
    (Symbol.iterator in given || Symbol.asyncIterator in given) &&
    !ArrayBuffer.isView(given);
  if (isIterable) return pairOfRecords(given as Iterable<OwnRecord>, form, place);
  if (typeof given === 'object' && given !== null && 'x' in given && 'y' in given)
    return pairOfArrays(given as OwnArrays, form, place);
  throw new UserError(
    `${place} must be { x, y }, records of { x, y }, or a function that returns them, not ${shown(given)}`,
    2,
  );
}

async function pairOfRecords(
  records: Iterable<OwnRecord> | AsyncIterable<OwnRecord>,
  form: Form,
  place: string,
): Promise<Pair> {
  let x: Numbers | undefined;
  const y = new LabelColumn(form, `${place}.y`);
  let count = 0;
  const weights: (number | undefined)[] = [];
  const add = (record: OwnRecord) => {
    const at = `${place}, record ${count}`;
    if (typeof record !== 'object' || record === null || record.x === undefined || record.y === undefined)
      throw new UserError(`${at} must be { x, y }, not ${shown(record)}`);
    x ??= new Numbers(isPictures(form, record.x) ? 'uint8' : 'float64');
    const before = x.length;
    addNumbers(record.x, x, (index) => `${at}: x, value ${index}`);
    checkRecordLength(x.length - before, form.x.shape, `${at}: x`);
    y.add(record.y, `${at}: y`);
    weights.push(record.sampleWeight);
    count++;
  };
  if (Symbol.iterator in records) for (const record of records) add(record);
  else for await (const record of records) add(record);
  if (!x) throw new UserError(`${place} has no records: give more data`);
  const pair = { x: featuresOf(x.all(), count, form, `${place}.x`), y: y.array(count) };
  if (weights.every((weight) => weight === undefined)) return pair;
  // One that is missing is refused as no weight.
  return { ...pair, weight: weightsOf(weights as number[], place) };
}

function pairOfArrays({ x, y, sampleWeight }: OwnArrays, form: Form, place: string): Pair {
  const lists = { x, y, ...(sampleWeight === undefined ? {} : { sampleWeight }) };
  for (const [name, list] of Object.entries(lists)) {
    if (!isList(list)) throw new UserError(`${place}.${name} must be an array, not ${shown(list)}`, 2);
    if (list.length === 0) throw new UserError(`${place}.${name} has no records: give more data`);
  }
  const labels = new LabelColumn(form, `${place}.y`);
  const count = labels.addAll(y);
  const title = `${place}.x`;
  const pair = { x: featuresOf(flatOf(x, count, form, title), count, form, title), y: labels.array(count) };
  return sampleWeight === undefined ? pair : { ...pair, weight: weightsOf(sampleWeight, place) };
}

const weightsOf = (values: ArrayLike<number>, place: string): PlainArray => ({
  ...{ title: `${place}.sampleWeight`, shape: [values.length], dtype: 'float64', kind: 'float' },
  values,
});

function flatOf(x: OwnArrays['x'], count: number, form: Form, title: string): ArrayLike<number> {
  const { shape } = form.x;
  const size = sizeOf(shape);
  const placeOf = (index: number) => `${title}, record ${Math.floor(index / size)}, value ${index % size}`;
  if (isFlat(x)) {
    if (x.length !== count * size)
      throw new UserError(
        `${title} has ${counted(x.length, 'value')}; ${counted(count, 'record')} of [${shape}] need ${counted(count * size, 'value').replace(/ .*/, '')}`,
      );
    if (isAsItIs(x, form)) return checkedFinite(x as Float32Array, placeOf);
    const numbers = new Numbers(isPictures(form, x) ? 'uint8' : 'float64');
    addNumbers(x, numbers, placeOf);
    return numbers.all();
  }
  if (x.length !== count)
    throw new UserError(`${title} has ${counted(x.length, 'record')}, the labels beside it ${count}`);
  const numbers = new Numbers(isPictures(form, x[0]) ? 'uint8' : 'float64');
  for (let record = 0; record < x.length; record++) {
    const before = numbers.length;
    addNumbers(x[record], numbers, (index) => placeOf(record * size + index));
    checkRecordLength(numbers.length - before, shape, `${title}, record ${record}`);
  }
  return numbers.all();
}

/** Whether the values travel as bytes: as told, or because they come as bytes. */
const isPictures = ({ x: { dtype } }: Form, values: unknown): boolean =>
  dtype === undefined ? isBytes(values) : dtype === 'uint8';

/** Nothing is copied that has the right type. */
function isAsItIs(x: unknown, form: Form): boolean {
  if (isPictures(form, x)) return x instanceof Uint8Array;
  return x instanceof Float32Array || x instanceof Float64Array;
}

function checkedFinite<A extends Float32Array | Float64Array | Uint8Array>(
  values: A,
  placeOf: (index: number) => string,
): A {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) throw new UserError(`${placeOf(i)}: ${values[i]} is no finite number`);
  return values;
}

function featuresOf(values: ArrayLike<number>, count: number, form: Form, title: string): PlainArray {
  const isByte = values instanceof Uint8Array;
  return {
    title,
    shape: [count, ...form.x.shape],
    dtype: isByte ? 'uint8' : 'float32',
    kind: isByte ? 'integer' : 'float',
    values,
  };
}
