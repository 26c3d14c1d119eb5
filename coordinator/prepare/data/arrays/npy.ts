/**
 * One array of numpy's NPY format (numpy.lib.format, versions 1 to 3): a magic text, a header that is a Python dict
 * with `descr`, `fortran_order` and `shape`, then the values. Plain numbers and texts are read, in either order of
 * axes and of bytes; Python objects, records with fields, complex numbers and dates are refused.
 */
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { UserError } from '../../../../shared/user-error.js';
import { float16 } from './float16.js';
import type { ElementKind, PlainArray } from './plain-array.js';

const MAGIC = '\x93NUMPY';

interface Header {
  descr: string;
  isFortran: boolean;
  shape: number[];
  /** Where the values begin. */
  offset: number;
}

interface Element {
  dtype: string;
  kind: ElementKind;
  bytes: number;
  /** @param little whether the bytes of a number go from least to most significant */
  read(view: DataView, at: number, little: boolean): number | string;
}

/** @param title names the array in errors. @throws UserError naming what is wrong, and what to do */
export function readNpy(bytes: Uint8Array, title: string): PlainArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { descr, isFortran, shape, offset } = headerOf(bytes, view, title);
  const element = elementOf(descr, title);
  const count = sizeOf(shape);
  const expected = offset + count * element.bytes;
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? 'truncated' : 'too long';
    throw new UserError(
      `${title} is ${what}: ${bytes.length} bytes, its header promises ${expected}; save it again`,
    );
  }
  const isLittle = !descr.startsWith('>');
  const at = isFortran ? fortranIndex(shape) : (index: number) => index;
  const read = (index: number) => element.read(view, offset + at(index) * element.bytes, isLittle);
  const { dtype, kind } = element;
  if (kind === 'text')
    return { title, shape, dtype, kind, values: Array.from({ length: count }, (_, i) => read(i) as string) };
  if (dtype === 'uint8' && !isFortran) return { title, shape, dtype, kind, values: bytes.slice(offset) };
  const values = new (dtype === 'uint8' ? Uint8Array : Float64Array)(count);
  for (let i = 0; i < count; i++) {
    const value = read(i) as number;
    if (kind === 'integer' && !Number.isSafeInteger(value))
      throw new UserError(`${title} holds an integer beyond 2^53 (value ${i}): save it as smaller numbers`);
    values[i] = value;
  }
  return { title, shape, dtype, kind, values };
}

function headerOf(bytes: Uint8Array, view: DataView, title: string): Header {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(0, MAGIC.length) !== MAGIC)
    throw new UserError(`${title} is no array of numpy: it does not begin with the mark of the NPY format`);
  const version = bytes[6];
  const isLong = version === 2 || version === 3;
  const start = isLong ? 12 : 10;
  if ((version !== 1 && !isLong) || bytes.length < start)
    throw new UserError(`${title} is of version ${version} of the NPY format: 1, 2 and 3 are read`);
  const offset = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const dict = text(start, offset);
  if (/'descr'\s*:\s*\[/.test(dict))
    throw new UserError(`${title} holds records with named fields: save each field as an array of its own`);
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(dict)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(dict)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(dict)?.[1];
  if (descr === undefined || order === undefined || shape === undefined || bytes.length < offset)
    throw new UserError(`${title} has a header that cannot be read: save it again with numpy.save`);
  const sizes = shape.split(',').filter((size) => /\d/.test(size));
  return {
    descr,
    isFortran: order === 'True',
    shape: sizes.map((size) => Number.parseInt(size, 10)),
    offset,
  };
}

/** Where the value at a row-by-row index stands in a file that keeps the first axis together. */
function fortranIndex(shape: readonly number[]): (index: number) => number {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  return (index) => {
    let [rest, at] = [index, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return at;
  };
}

const NUMBERS: Readonly<Record<string, Element>> = {
  b1: { dtype: 'bool', kind: 'bool', bytes: 1, read: (view, at) => view.getUint8(at) },
  u1: { dtype: 'uint8', kind: 'integer', bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { dtype: 'int8', kind: 'integer', bytes: 1, read: (view, at) => view.getInt8(at) },
  u2: { dtype: 'uint16', kind: 'integer', bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i2: { dtype: 'int16', kind: 'integer', bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u4: { dtype: 'uint32', kind: 'integer', bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i4: { dtype: 'int32', kind: 'integer', bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u8: {
    ...{ dtype: 'uint64', kind: 'integer', bytes: 8 },
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
  },
  i8: {
    ...{ dtype: 'int64', kind: 'integer', bytes: 8 },
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
  },
  f2: {
    ...{ dtype: 'float16', kind: 'float', bytes: 2 },
    read: (view, at, little) => float16(view.getUint16(at, little)),
  },
  f4: { dtype: 'float32', kind: 'float', bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { dtype: 'float64', kind: 'float', bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

/** @param descr the order of bytes, the kind and the size: `<f4`, `|u1`, `<U8` (8 characters of 4 bytes) */
function elementOf(descr: string, title: string): Element {
  const [, type = '', size = ''] = /^[<>|=]?([a-zA-Z])(\d*)/.exec(descr) ?? [];
  const known = NUMBERS[type + size];
  if (known) return known;
  if (type === 'U' && size) return unicode(Number(size));
  if (type === 'S' && size) return ascii(Number(size));
  const why =
    {
      O: 'Python objects (allow_pickle), which would have to be run: save plain arrays',
      V: 'raw bytes without a type: save plain arrays',
      c: 'complex numbers: save their parts as real ones',
      M: 'dates: save them as numbers, such as days',
      m: 'time spans: save them as numbers',
    }[type] ?? `values of type ${descr}: save them as float32`;
  throw new UserError(`${title} holds ${why}`);
}

const unicode = (length: number): Element => ({
  ...{ dtype: 'str', kind: 'text', bytes: 4 * length },
  read(view, at, little) {
    let text = '';
    for (let i = 0; i < length; i++) {
      const point = view.getUint32(at + 4 * i, little);
      if (point !== 0) text += String.fromCodePoint(point);
    }
    return text;
  },
});

const ascii = (length: number): Element => ({
  ...{ dtype: 'bytes', kind: 'text', bytes: length },
  read: (view, at) =>
    Buffer.from(view.buffer, view.byteOffset + at, length)
      .toString('utf8')
      .replace(/\0+$/, ''),
});
