import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import { histogramOf, Sampler } from './histograms.js';

describe('a histogram', () => {
  it('counts every finite value once, between the smallest and the largest', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 500 }), (values) => {
        const finite = values.filter(Number.isFinite);
        const histogram = histogramOf(values);
        if (finite.length === 0) {
          expect(histogram).toBeNull();
          return;
        }
        expect(histogram!.counts.reduce((a, b) => a + b, 0)).toBe(finite.length);
        expect([histogram!.min, histogram!.max]).toEqual([
          finite.reduce((a, b) => Math.min(a, b)),
          finite.reduce((a, b) => Math.max(a, b)),
        ]);
      }),
    );
  });

  it('has the mean and the deviation of its values', () => {
    const { mean, deviation } = histogramOf(Float32Array.of(1, 2, 3, 4))!;
    expect(mean).toBe(2.5);
    expect(deviation).toBeCloseTo(Math.sqrt(1.25), 12);
  });
});

describe('the sampler', () => {
  const layout = layoutOf([
    { name: 'kernel', shape: [400, 700], trainable: true },
    { name: 'bias', shape: [10], trainable: true },
    { name: 'moving', shape: [3], trainable: false },
  ]);
  const vector = Float32Array.from({ length: layout.total }, (_, i) => i);
  const chunks = layout.mapChunks((chunk) => {
    const { start, end } = layout.range(chunk);
    return vector.subarray(start, end);
  });

  it('takes the same elements chunk by chunk as from the whole, over the borders of chunks', () => {
    const sampler = new Sampler(layout);
    const [whole, pieces] = [sampler.allocate(), sampler.allocate()];
    sampler.takeAll(vector, whole);
    for (const [chunk, values] of chunks.entries()) sampler.take(chunk, values, pieces);
    expect(pieces).toEqual(whole);
    expect(whole.every(Number.isFinite)).toBe(true);
  });

  it('takes all of a small weight, and a bounded part of a large one', () => {
    const sampler = new Sampler(layout);
    const samples = sampler.allocate();
    sampler.takeAll(vector, samples);
    const [kernel, bias, moving] = sampler.histograms(samples, samples);
    const total = (counts: number[] | undefined) => counts?.reduce((a, b) => a + b, 0);
    expect(total(kernel!.weights?.counts)).toBeLessThanOrEqual(2048);
    expect([bias!.weights!.min, bias!.weights!.max, total(bias!.weights!.counts)]).toEqual([
      280_000, 280_009, 10,
    ]);
    expect(bias!.gradients).not.toBeNull();
    expect([moving!.weights!.min, moving!.gradients]).toEqual([280_010, null]);
  });
});
