/**
 * Weights in fewer bits, as TF.js's own loaders undo it (`quantization` in the weights manifest). Kernels and tables
 * alone are quantized: vectors are no tenth of a file, and what scales the data must stay exact.
 */
import { isInputLayer, isOutputLayer } from '../../../../shared/models/portable-names.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import type { PortableModel } from '../portable-model.js';
import { float16Bits, MAX_FLOAT16 } from './float16.js';

export const QUANTIZATIONS = ['float16', 'uint8'] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

export interface QuantizedWeights {
  /** Rows of TF.js's weights manifest. */
  specs: { name: string; shape: readonly number[]; dtype: 'float32'; quantization?: object }[];
  bytes: Uint8Array;
  /** What a loader makes of the bytes. */
  values: Float32Array;
  /** Weights beyond what half precision holds, which are left as they are. */
  left: string[];
}

interface Quantized {
  quantization: object;
  bytes: Uint8Array;
  values: Float32Array;
}

export function quantize({ weights, values }: PortableModel, to: Quantization): QuantizedWeights {
  const specs: QuantizedWeights['specs'] = [];
  const parts: Uint8Array[] = [];
  const decoded = values.slice();
  const left: string[] = [];
  let at = 0;
  for (const { name, shape } of weights) {
    const own = values.subarray(at, at + sizeOf(shape));
    const layer = name.split('/')[0]!;
    const isKernel = shape.length > 1 && !isInputLayer(layer) && !isOutputLayer(layer);
    const quantized = isKernel ? (to === 'uint8' ? inBytes(own) : inHalves(own)) : undefined;
    if (isKernel && !quantized) left.push(name);
    specs.push({ name, shape, dtype: 'float32', ...(quantized && { quantization: quantized.quantization }) });
    parts.push(quantized?.bytes ?? new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
    if (quantized) decoded.set(quantized.values, at);
    at += own.length;
  }
  return { specs, bytes: new Uint8Array(Buffer.concat(parts)), values: decoded, left };
}

function inHalves(values: Float32Array): Quantized | undefined {
  if (!values.every((value) => Math.abs(value) <= MAX_FLOAT16)) return undefined;
  const bits = Uint16Array.from(values, float16Bits);
  return {
    quantization: { dtype: 'float16', original_dtype: 'float32' },
    bytes: new Uint8Array(bits.buffer),
    values: Float32Array.from(bits, numberOfBits),
  };
}

function numberOfBits(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** 256 steps from the least value to the greatest; where 0 lies between, it is one of them exactly. */
function inBytes(values: Float32Array): Quantized | undefined {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
  if (!Number.isFinite(least) || !Number.isFinite(greatest)) return undefined;
  const scale = (greatest - least) / 255 || 1;
  const min = least <= 0 && greatest >= 0 ? -scale * Math.round(-least / scale) : least;
  const bytes = Uint8Array.from(values, (value) =>
    Math.min(255, Math.max(0, Math.round((value - min) / scale))),
  );
  return {
    quantization: { dtype: 'uint8', scale, min, original_dtype: 'float32' },
    bytes,
    values: Float32Array.from(bytes, (step) => step * scale + min),
  };
}
