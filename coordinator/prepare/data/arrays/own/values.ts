/** Values of one's own program, one after the other: numbers alone, finite, of the length that their shape asks for. */
import { sizeOf } from '../../../../../shared/numerics/shape.js';
import { UserError } from '../../../../../shared/user-error.js';

/** `7,839 values`: counts of data are large. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

const isTyped = (value: unknown): value is ArrayLike<unknown> =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);
export const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || isTyped(value);
/** Whether all records' values stand in it at once: no element is a record of its own. */
export const isFlat = (list: ArrayLike<unknown>): boolean => ArrayBuffer.isView(list) || !isList(list[0]);
export const isBytes = (value: unknown): boolean =>
  value instanceof Uint8Array || value instanceof Uint8ClampedArray;

/** Numbers in memory that doubles as they come. */
export class Numbers {
  length = 0;
  private values: Uint8Array | Float64Array;

  constructor(readonly dtype: 'uint8' | 'float64') {
    this.values = this.memory(1024);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = this.memory(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  all(): Uint8Array | Float64Array {
    return this.values.subarray(0, this.length);
  }

  private memory(length: number) {
    return this.dtype === 'uint8' ? new Uint8Array(length) : new Float64Array(length);
  }
}

/**
 * Adds the numbers of one record, or of a flat array of all.
 * @param placeOf names the value at an index, for errors
 * @throws UserError for what is no number, or lists of unequal lengths
 */
export function addNumbers(value: unknown, into: Numbers, placeOf: (index: number) => string): void {
  const from = into.length;
  const place = () => placeOf(into.length - from);
  const add = (value: unknown): void => {
    if (isList(value)) {
      let first: number | undefined;
      for (let i = 0; i < value.length; i++) {
        const before = into.length;
        add(value[i]);
        first ??= into.length - before;
        if (into.length - before !== first)
          throw new UserError(
            `${placeOf(before - from)}: the lists beside each other have ${first} and ${into.length - before} values: make them equally long`,
          );
      }
      return;
    }
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw new UserError(`${place()}: ${shown(value)} is no finite number`);
    if (into.dtype === 'uint8' && !(Number.isInteger(number) && number >= 0 && number <= 255))
      throw new UserError(`${place()}: ${number} is no byte: dtype uint8 holds whole numbers from 0 to 255`);
    into.push(number);
  };
  add(value);
}

/** @throws UserError where a record has more or fewer values than its shape asks for */
export function checkRecordLength(length: number, shape: readonly number[], place: string): void {
  const size = sizeOf(shape);
  if (length === size) return;
  throw new UserError(`${place} has ${counted(length, 'value')}; [${shape}] needs ${counted(size, 'value')}`);
}

/** Of any value, in a few words: one of a program may refuse to be made a text. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return `an object (${Object.keys(value).slice(0, 4)})`;
  return typeof value === 'bigint' ? `the bigint ${value}` : String(value);
}
