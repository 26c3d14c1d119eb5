/** Arrays as `numpy.savez` stores them: a ZIP archive, not compressed, with one NPY file for each. */
import { zipSync } from 'fflate';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import type { NamedTensors } from './safetensors.js';

/** The header's length is a multiple of it, so that values lie well in memory. */
const ALIGNMENT = 64;
/** The same file for the same weights, whenever it is written: ZIP has no earlier time. */
const TIME = new Date(1980, 0, 1, 12);

/** @param others files that numpy gives as bytes */
export function npz(
  { weights, values }: NamedTensors,
  others: Readonly<Record<string, Uint8Array>>,
): Uint8Array {
  let at = 0;
  const arrays = weights.map(({ name, shape }): [string, Uint8Array] => {
    const own = values.subarray(at, at + sizeOf(shape));
    at += own.length;
    return [`${name}.npy`, npy(own, shape)];
  });
  return zipSync(Object.fromEntries([...arrays, ...Object.entries(others)]), { level: 0, mtime: TIME });
}

function npy(values: Float32Array, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefix = 10;
  const length = Math.ceil((prefix + dict.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length - prefix, 8);
  header.write(dict, prefix, 'latin1');
  header.write('\n', length - 1);
  return new Uint8Array(
    Buffer.concat([header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]),
  );
}
