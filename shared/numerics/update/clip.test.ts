import { describe, expect, it } from 'vitest';
import fixtures from '../../../coordinator/update/fixtures/optimizers.json' with { type: 'json' };
import { errorOf, gradients, start } from '../../../test/support/update/numbers.js';
import { normScale } from './clip.js';
import { createKernels } from './kernels/create.js';

const { byNorm, byValue } = fixtures.clipping;

describe.each(['wasm', 'typescript'] as const)('on %s kernels', (kind) => {
  const kernels = createKernels({ capacityFloats: 4096, kind });
  const vector = (values: Float32Array) => {
    const allocated = kernels.allocate(values.length);
    allocated.set(values);
    return allocated;
  };
  const firstGradient = () => vector(gradients().next().value as Float32Array);

  it.each(byNorm)("clipping to a norm of $maxNorm agrees with PyTorch's", ({ maxNorm, norm, gradient }) => {
    const clipped = firstGradient();
    const before = Math.sqrt(kernels.sumOfSquares(clipped));
    expect(Math.abs(before / norm - 1)).toBeLessThan(1e-6);
    kernels.scale(clipped, normScale(before, maxNorm));
    expect(errorOf([clipped], gradient)).toBeLessThan(1e-6);
  });

  it("clipping by value agrees with PyTorch's", () => {
    const clipped = firstGradient();
    kernels.clamp(clipped, byValue.limit);
    expect(clipped).toEqual(Float32Array.from(byValue.gradient));
  });

  it("the moving average agrees with PyTorch's over 100 steps", () => {
    const { decay, values } = fixtures.average;
    const average = vector(start());
    const path = [...gradients()].map((gradient) => {
      kernels.average(average, vector(gradient), decay);
      return average.slice();
    });
    for (const [step, expected] of Object.entries(values)) {
      expect(errorOf(path.slice(0, Number(step)), expected), `step ${step}`).toBeLessThan(1e-6);
    }
  });
});

describe('clipping', () => {
  it('leaves a gradient of norm 0 alone', () => {
    expect(normScale(0, 1)).toBe(1);
  });
});
