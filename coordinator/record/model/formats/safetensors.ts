/**
 * The safetensors format of Hugging Face: the length of a header as u64, the header as JSON, then the tensors one
 * behind the other, row by row and little-endian. https://github.com/huggingface/safetensors#format
 */
import { sizeOf } from '../../../../shared/numerics/shape.js';

export interface NamedTensors {
  weights: readonly { name: string; shape: readonly number[] }[];
  /** All of them in this order. */
  values: Float32Array;
}

/** Readers map the file into memory: tensors begin at a multiple of this. */
const ALIGNMENT = 8;

/** @param metadata the format has texts alone. @returns the parts of the file in their order */
export function safetensors(
  { weights, values }: NamedTensors,
  metadata: Readonly<Record<string, string>>,
): [header: Uint8Array, tensors: Uint8Array] {
  let at = 0;
  const entries = weights.map(({ name, shape }) => {
    const from = at;
    at += 4 * sizeOf(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [from, at] }];
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length));
  json.copy(header, 8);
  return [header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}
