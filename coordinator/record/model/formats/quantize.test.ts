/** Quantized weights are what TF.js's own loader makes of the bytes, and near to what they were. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float16 } from '../../../prepare/data/arrays/float16.js';
import type { PortableModel } from '../portable-model.js';
import { float16Bits } from './float16.js';
import { QUANTIZATIONS, quantize } from './quantize.js';

describe('half precision', () => {
  it('gives each number that it holds back', () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = float16(bits);
      if (!Number.isNaN(value)) expect(float16Bits(value)).toBe(bits);
    }
    expect(float16(float16Bits(Number.NaN))).toBeNaN();
  });

  it('rounds to the nearest, and to even ones between two', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x7bfd }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (low, share) => {
          const [below, above] = [float16(low), float16(low + 1)];
          const value = below + share * (above - below);
          const found = float16Bits(value);
          const [toBelow, toAbove] = [value - below, above - value];
          const nearest = toBelow < toAbove ? low : toBelow > toAbove ? low + 1 : low + (low % 2);
          expect(found).toBe(nearest);
        },
      ),
    );
    // 1 + 2^-11 lies midway between 1 and the next number.
    expect(float16Bits(1 + 2 ** -11)).toBe(float16Bits(1));
    expect(float16Bits(1 + 3 * 2 ** -11)).toBe(float16Bits(1 + 2 ** -9));
    expect(float16Bits(65_519.9)).toBe(0x7bff);
    expect(float16Bits(-65_520)).toBe(0xfc00);
  });
});

describe('quantized weights', () => {
  const values = Float32Array.from({ length: 4 * 6 + 6 + 4 }, (_, i) => Math.sin(i * i) * 3);
  values[7] = 0;
  const model: PortableModel = {
    topology: {},
    weights: [
      { name: 'dense/kernel', shape: [4, 6] },
      { name: 'dense/bias', shape: [6] },
      { name: 'swarmgrad_standardize/gamma', shape: [4] },
    ],
    values,
  };

  it.each(QUANTIZATIONS)('as %s are what TF.js loads', async (to) => {
    const { specs, bytes, values: expected, left } = quantize(model, to);
    expect(left).toEqual([]);
    const loaded = tf.io.decodeWeights(bytes.slice().buffer, specs as tf.io.WeightsManifestEntry[]);
    const found = Object.values(loaded).flatMap((tensor) => [...tensor.dataSync()]);
    expect(found).toEqual([...expected]);
    const furthest = Math.max(...found.map((value, i) => Math.abs(value - values[i]!)));
    // Half a step: of 256 between -3 and 3, or of half precision between 2 and 4.
    expect(furthest).toBeLessThan(to === 'uint8' ? 0.51 * (6 / 255) : 2 ** -10);
    expect(found[7]).toBe(0);
    expect(found.slice(24)).toEqual([...values.slice(24)]);
  });

  it('are left as they are where half precision cannot hold them', () => {
    const large = { ...model, values: values.map((value) => value * 1e6) };
    const { specs, values: kept, left } = quantize(large, 'float16');
    expect(left).toEqual(['dense/kernel']);
    expect(specs[0]).not.toHaveProperty('quantization');
    expect(kept).toEqual(large.values);
  });

  it('that are all the same stay so', () => {
    const same = { ...model, values: values.map(() => 0.7) };
    expect(Math.abs(quantize(same, 'uint8').values[0]! - 0.7)).toBeLessThan(1e-6);
  });
});
