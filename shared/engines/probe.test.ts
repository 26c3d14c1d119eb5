import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../numerics/layout.js';
import { probeWeights, sampledIndices } from './probe.js';

describe("the sample of a weight's gradient", () => {
  it('has at most 64 indices within the weight, ascending, each once, spread over all of it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 1e9 })), (size) => {
        const indices = sampledIndices(size);
        expect(indices).toHaveLength(Math.min(64, size));
        for (const [at, index] of indices.entries()) {
          expect(Number.isInteger(index) && index >= 0 && index < size).toBe(true);
          if (at > 0) expect(index).toBeGreaterThan(indices[at - 1]!);
        }
        if (size > 0) {
          expect(indices[0]).toBe(0);
          expect(size - 1 - indices.at(-1)!).toBeLessThanOrEqual(Math.ceil(size / 64));
        }
      }),
    );
  });
});

describe("the probe's weights", () => {
  const layout = layoutOf([
    { name: 'conv/kernel', shape: [3, 3, 2, 8], trainable: true },
    { name: 'conv/bias', shape: [8], trainable: true },
    { name: 'bn/gamma', shape: [8], trainable: true },
    { name: 'bn/beta', shape: [8], trainable: true },
    { name: 'bn/moving_variance', shape: [8], trainable: false },
  ]);

  it('follow from the seed', () => {
    expect(probeWeights(layout, 1)).toEqual(probeWeights(layout, 1));
    expect(probeWeights(layout, 1)).not.toEqual(probeWeights(layout, 2));
    expect(probeWeights(layout, 1)).toHaveLength(layout.total);
  });

  it('keep biases small, scales and variances well above 0, and kernels at a variance of 1 / fan-in', () => {
    const weights = probeWeights(layout, 3);
    const of = (number: number) => {
      const { offset, size } = layout.slots[number]!;
      return [...weights.subarray(offset, offset + size)];
    };
    expect(of(1).every((value) => Math.abs(value) <= 0.1)).toBe(true);
    expect(of(3).every((value) => Math.abs(value) <= 0.1)).toBe(true);
    for (const number of [2, 4]) expect(of(number).every((value) => value >= 0.5 && value <= 1.5)).toBe(true);
    const kernel = of(0);
    const variance = kernel.reduce((sum, value) => sum + value ** 2, 0) / kernel.length;
    expect(variance * 18).toBeGreaterThan(0.7);
    expect(variance * 18).toBeLessThan(1.3);
  });
});
