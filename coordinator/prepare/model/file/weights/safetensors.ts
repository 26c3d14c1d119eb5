/**
 * Weights by name from a file of safetensors: the length of a header as u64, the header as JSON, then the tensors one
 * behind the other, row by row and little-endian. https://github.com/huggingface/safetensors#format
 */
import * as z from 'zod';
import { sizeOf } from '../../../../../shared/numerics/shape.js';
import { messageOf, UserError } from '../../../../../shared/user-error.js';
import type { StoredWeight } from './match-weights.js';

/** As the format's own library has it. */
const MAX_HEADER = 100_000_000;
const whole = z.int().min(0);
const entry = z.object({
  dtype: z.string(),
  shape: z.array(whole).max(8),
  data_offsets: z.tuple([whole, whole]),
});
type Entry = z.infer<typeof entry>;

/** Bytes of a number, and how it is read. */
const DTYPES: Readonly<Record<string, [bytes: number, read: (view: DataView, at: number) => number]>> = {
  F32: [4, (view, at) => view.getFloat32(at, true)],
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F16: [2, (view, at) => float16(view.getUint16(at, true))],
  BF16: [2, (view, at) => bfloat16(view.getUint16(at, true))],
};

/** @param what the file, as messages call it. @throws UserError */
export function readSafetensors(bytes: Buffer, what: string): StoredWeight[] {
  const refuse = (why: string): never => {
    throw new UserError(`${what} is no whole file of safetensors (${why}): fetch or save it again`, 2);
  };
  const length = bytes.length < 8 ? 0 : Number(bytes.readBigUInt64LE(0));
  if (length < 2 || length > Math.min(MAX_HEADER, bytes.length - 8))
    refuse('its header does not fit into it');
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  } catch (error) {
    refuse(messageOf(error));
  }
  const { __metadata__, ...tensors } = json;
  const entries = Object.entries(tensors).map(([name, value]): [string, Entry] => {
    const checked = entry.safeParse(value);
    return [name, checked.success ? checked.data : refuse(`${name} has no dtype, shape and data_offsets`)];
  });
  const begin = 8 + length;
  const ordered = [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  let end = 0;
  for (const [name, { dtype, shape, data_offsets }] of ordered) {
    const [size] = DTYPES[dtype] ?? [];
    if (size === undefined)
      throw new UserError(
        `${what}: ${name} holds ${dtype}, and weights are ${Object.keys(DTYPES).join(', ')}: save it as float32`,
        2,
      );
    const [from, to] = data_offsets;
    // The format has neither holes nor overlaps.
    if (from !== end || to - from !== size * sizeOf(shape)) refuse(`${name} has other bytes than its shape`);
    end = to;
  }
  if (begin + end !== bytes.length) refuse(`its tensors have ${end} bytes, and it ${bytes.length - begin}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + begin, end);
  return entries.map(([name, { dtype, shape, data_offsets }]) => {
    const [size, read] = DTYPES[dtype]!;
    const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      read(view, data_offsets[0] + i * size),
    );
    return { name: named(name), shape, values };
  });
}

/** Python's programs join names by dots. */
const named = (name: string): string => (name.includes('/') ? name : name.replaceAll('.', '/'));

/** Half precision: a sign, 5 bits of exponent, 10 of fraction. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32. */
function bfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}
