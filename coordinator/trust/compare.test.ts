/** How far a contribution may be from its recomputation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import { Random } from '../../shared/numerics/random.js';
import { type Computed, compare } from './compare.js';

const [INPUTS, UNITS] = [40, 8];
const layout = layoutOf([
  { name: 'kernel', shape: [INPUTS, UNITS], trainable: true },
  { name: 'bias', shape: [UNITS], trainable: true },
]);
const random = new Random(2);
/** The last ten inputs are dark in all samples. */
const DARK = (INPUTS - 10) * UNITS;
const honest = Float32Array.from({ length: layout.total }, (_, i) =>
  i >= DARK && i < INPUTS * UNITS ? 0 : random.between(-1, 1),
);
const computed = (values: Float32Array, engineClass = 'a@1', sums = {}): Computed => ({
  engineClass,
  gradient: { values: () => values },
  ...{ loss: 10, metric: 12, ...sums },
});
const changed = (change: (values: Float32Array) => void) => {
  const values = honest.slice();
  change(values);
  return values;
};
const verdict = (claimed: Computed, samples = 16, usualNorm = 0) =>
  compare(claimed, computed(honest, 'b@1'), { layout, samples, usualNorm });
const scaled = (factor: number) => honest.map((value) => value * factor);

describe('a contribution beside its recomputation by another class', () => {
  it('passes with other roundings, and with a sign turned in one sample of many', () => {
    expect(verdict(computed(scaled(1 + 1e-5))).verdict).toBe('within tolerance');
    const turned = changed((values) => {
      for (let row = 0; row < DARK; row += UNITS) values[row + 3]! += 0.02;
    });
    expect(verdict(computed(turned)).verdict).toBe('within tolerance');
    expect(verdict(computed(turned)).deviation).toBeDefined();
    expect(verdict(computed(scaled(1.1)), 2).verdict).toBe('within tolerance');
  });

  it('is doubtful by more than one sample can explain, and wrong by half', () => {
    expect(verdict(computed(scaled(1.1))).verdict).toBe('doubtful');
    expect(verdict(computed(scaled(1.6))).verdict).toBe('wrong');
    expect(verdict(computed(changed((values) => (values[1] = Number.NaN)))).verdict).toBe('wrong');
  });

  it('is doubtful by next to nothing where the inputs of all samples are dark', () => {
    const push = changed((values) => (values[DARK + 5] = 0.01));
    expect(verdict(computed(push))).toMatchObject({
      verdict: 'doubtful',
      text: expect.stringContaining('where there is no gradient at all'),
    });
    const elsewhere = changed((values) => (values[5]! += 0.01));
    expect(verdict(computed(elsewhere)).verdict).toBe('within tolerance');
  });

  it('has no room for loss and metric', () => {
    expect(verdict(computed(honest, 'a@1', { loss: 10.4 })).verdict).toBe('doubtful');
    expect(verdict(computed(honest, 'a@1', { metric: 14 })).verdict).toBe('doubtful');
    expect(verdict(computed(honest, 'a@1', { metric: 13 })).verdict).toBe('within tolerance');
    expect(verdict(computed(honest, 'a@1', { loss: Number.NaN })).verdict).toBe('wrong');
  });

  it('is held to what is usual where the batch is learned and its gradient is rounding alone', () => {
    const [tiny, other] = [1e-6, 1.4e-6].map((size) => honest.map((value) => value * size));
    const beside = (usualNorm: number) =>
      compare(computed(other!), computed(tiny!, 'b@1'), { layout, samples: 2, usualNorm }).verdict;
    expect(beside(0)).toBe('doubtful');
    expect(beside(1)).toBe('within tolerance');
  });

  it("must have equal bits in the universal class, where its name is the auditor's", () => {
    const near = changed((values) => (values[0]! *= 1 + 2 ** -23));
    const by = { layout, samples: 16, usualNorm: 0 };
    const beside = (name: string) => compare(computed(near, name), computed(honest, name), by).verdict;
    expect(beside('compiled/wasm@1')).toBe('wrong');
    expect(beside('compiled/cpu@1')).toBe('within tolerance');
  });
});

describe('what is said of a contribution', () => {
  const by = { layout, samples: 16, usualNorm: 0 };
  const beside = (name: string, claimed: Float32Array, sums = {}) =>
    compare(computed(claimed, name, sums), computed(honest, name), by);

  it('is that it has the bits of the other, which it may have in any class', () => {
    for (const name of ['compiled/wasm@1', 'b@1'])
      expect(beside(name, honest)).toEqual({ verdict: 'equal', text: `the bits of ${name}`, distance: 0 });
    const nothing = { loss: Number.NaN, metric: Number.NaN };
    const both = computed(honest, 'compiled/wasm@1', nothing);
    expect(compare(both, both, by).verdict).toBe('equal');
  });

  it('is how many values have other bits, and which is the first', () => {
    const one = changed((values) => (values[INPUTS * UNITS] = 7));
    expect(beside('compiled/wasm@1', one)).toEqual({
      verdict: 'wrong',
      text: '1 of 328 values have other bits than compiled/wasm@1 gives, the first in bias',
      distance: Number.POSITIVE_INFINITY,
    });
    const two = changed((values) => values.fill(7, INPUTS * UNITS - 1, INPUTS * UNITS + 1));
    expect(beside('compiled/wasm@1', two).text).toContain('2 of 328 values');
    expect(beside('compiled/wasm@1', two).text).toContain('the first in kernel');
    const zero = changed((values) => (values[DARK] = -0));
    expect(beside('compiled/wasm@1', zero).verdict).toBe('wrong');
  });

  it('is which of loss and metric is another one, where the bits are the same', () => {
    expect(beside('compiled/wasm@1', honest, { loss: 10.5 }).text).toBe('loss 10.5 told, 10 recomputed');
    expect(beside('compiled/wasm@1', honest, { metric: 13 })).toEqual({
      verdict: 'wrong',
      text: 'metric 13 told, 12 recomputed',
      distance: Number.POSITIVE_INFINITY,
    });
  });

  it('is by how much it is off, in which weight, and between which classes', () => {
    const bias = changed((values) => {
      for (let at = INPUTS * UNITS; at < values.length; at++) values[at]! *= 1.25;
    });
    expect(verdict(computed(bias, 'a@1', { loss: 10.5 })).text).toBe(
      'off by 25 % in bias, loss and metric by 5.0 % (a@1 beside b@1)',
    );
    const push = changed((values) => (values[DARK + 5] = 0.01));
    expect(verdict(computed(push)).text).toMatch(
      /^off by 0\.11 % in kernel, by 0\.11 % where there is no gradient at all, loss and metric by 0\.0 % /,
    );
  });

  it('names a value in a later chunk by its weight', () => {
    const specs = [
      { name: 'kernel', shape: [32], trainable: true },
      { name: 'bias', shape: [4], trainable: true },
    ];
    const long = layoutOf(specs, 32);
    const chunks = (...bias: number[]) => ({
      ...computed(honest, 'compiled/wasm@1'),
      gradient: {
        values: (chunk: number) => (chunk === 0 ? new Float32Array(32) : Float32Array.from(bias)),
      },
    });
    const measure = { layout: long, samples: 16, usualNorm: 0 };
    const [claimed, recomputed] = [chunks(1, 2, 3, 5), chunks(1, 2, 3, 4)];
    expect(compare(claimed, recomputed, measure).text).toContain('1 of 36 values');
    expect(compare(claimed, recomputed, measure).text).toContain('the first in bias');
    const others = [
      { ...claimed, engineClass: 'a@1' },
      { ...recomputed, engineClass: 'b@1' },
    ] as const;
    expect(compare(...others, measure).distance).toBeCloseTo(1 / Math.hypot(1, 2, 3, 4), 6);
  });
});

describe('the distance of a contribution', () => {
  const mixed = layoutOf([
    { name: 'kernel', shape: [3, 2], trainable: true },
    { name: 'bias', shape: [2], trainable: true },
    { name: 'mean', shape: [2], trainable: false },
  ]);
  const hundredths = fc.integer({ min: -200, max: 200 }).map((value) => (value || 1) / 100);
  const values = fc.array(hundredths, { minLength: 10, maxLength: 10 });
  const gradients = fc.record({
    recomputed: values,
    change: values,
    size: fc.constantFrom(1e-4, 1e-2, 1),
    usualNorm: fc.constantFrom(0, 1, 100),
    samples: fc.integer({ min: 1, max: 64 }),
  });

  it('is the largest of its weights, each as a share of its gradient, and of no less than what is noise', () => {
    fc.assert(
      fc.property(gradients, ({ recomputed, change, size, usualNorm, samples }) => {
        const right = Float32Array.from(recomputed);
        const left = right.map((value, i) => value + size * change[i]!);
        const norm = (list: Iterable<number>) => Math.hypot(...list);
        const shares = mixed.slots.map(({ offset, size: length, trainable }) => {
          const part = (vector: Float32Array) => [...vector.subarray(offset, offset + length)];
          const noise = trainable
            ? Math.max(norm(right.subarray(0, 8)), usualNorm * samples)
            : norm(right.subarray(8));
          const scale = Math.max(norm(part(right)), 1e-3 * noise);
          return part(left).map((value, i) => (value - part(right)[i]!) / scale);
        });
        const expected = Math.max(...shares.map(norm));
        const found = compare(computed(left), computed(right, 'b@1'), { layout: mixed, samples, usualNorm });
        expect(Math.abs(found.distance / expected - 1)).toBeLessThan(1e-3);
        const turned = Math.max(0.02, 0.3 / samples);
        const near = found.distance <= turned ? 'within tolerance' : 'doubtful';
        expect(found.verdict).toBe(found.distance > 0.5 ? 'wrong' : near);
        // Whoever is wrong is gone: nothing is to be added up of it.
        expect(found.deviation === undefined).toBe(found.distance <= 1e-3 || found.verdict === 'wrong');
        if (found.deviation)
          for (const [i, value] of shares.flat().entries())
            expect(Math.abs(found.deviation[i]! - value)).toBeLessThan(1e-3 * expected);
      }),
    );
  });

  it('may be 0.3 of a sample, or 2 % where samples are many', () => {
    const by = (part: number, samples: number) => verdict(computed(scaled(1 + part)), samples).verdict;
    expect([by(0.145, 2), by(0.155, 2)]).toEqual(['within tolerance', 'doubtful']);
    expect([by(0.029, 10), by(0.031, 10)]).toEqual(['within tolerance', 'doubtful']);
    expect([by(0.019, 1000), by(0.021, 1000)]).toEqual(['within tolerance', 'doubtful']);
    expect([by(0.49, 1), by(0.51, 1)]).toEqual(['doubtful', 'wrong']);
  });

  it('of a loss is a share of it, or of a thousandth of the samples where it is next to nothing', () => {
    const by = (claimed: number, loss: number, samples: number) =>
      compare(computed(scaled(1 + 1e-6), 'a@1', { loss: claimed }), computed(honest, 'b@1', { loss }), {
        ...{ layout, samples, usualNorm: 0 },
      }).verdict;
    expect([by(10.19, 10, 16), by(10.21, 10, 16)]).toEqual(['within tolerance', 'doubtful']);
    expect([by(9.81, 10, 16), by(9.79, 10, 16)]).toEqual(['within tolerance', 'doubtful']);
    expect([by(-10, 10, 16), by(14, 10, 16), by(16, 10, 16)]).toEqual(['wrong', 'doubtful', 'wrong']);
    // 1,000 samples: a share of 1.
    expect([by(0.019, 0, 1000), by(0.021, 0, 1000), by(0.6, 0, 1000)]).toEqual([
      ...['within tolerance', 'doubtful', 'wrong'],
    ]);
  });

  it('of a metric has room for one close call, and for one in a hundred', () => {
    const by = (claimed: number, metric: number) =>
      compare(computed(scaled(1 + 1e-6), 'a@1', { metric: claimed }), computed(honest, 'b@1', { metric }), {
        ...{ layout, samples: 1000, usualNorm: 0 },
      }).verdict;
    expect([by(1, 0), by(1.03, 0), by(-1, 0), by(2, 0)]).toEqual([
      ...['within tolerance', 'doubtful', 'within tolerance', 'wrong'],
    ]);
    // 100 right, 1 + 1 of room, and 2 % of 100.
    expect([by(103.9, 100), by(104.1, 100)]).toEqual(['within tolerance', 'doubtful']);
    expect([by(96.1, 100), by(95.9, 100)]).toEqual(['within tolerance', 'doubtful']);
  });

  it('of what is not trained is held against what else is not trained, and may come from nothing', () => {
    const by = (
      change: (vector: Float32Array) => void,
      right = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 1e-3),
    ) => {
      const left = right.slice();
      change(left);
      return compare(computed(left), computed(right, 'b@1'), { layout: mixed, samples: 16, usualNorm: 100 });
    };
    expect(by((left) => (left[8] = 1e-5)).verdict).toBe('within tolerance');
    expect(by((left) => (left[8] = 1e-3)).verdict).toBe('wrong');
    // A bias that is 0 is no row of inputs that are dark, and neither is a column of one.
    const bias = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 0, 0, 1e-3);
    expect(by((left) => (left[7] = 1e-2), bias).text).not.toContain('no gradient');
    const row = Float32Array.of(0, 0, 1, 1, 1, 1, 1, 1, 0, 1e-3);
    expect(by((left) => (left[0] = 1e-2), row).text).toContain('no gradient');
    const half = Float32Array.of(0, 1, 1, 1, 1, 1, 1, 1, 0, 1e-3);
    expect(by((left) => (left[0] = 1e-2), half).text).not.toContain('no gradient');
  });

  it('is none from nothing in a kernel of one output, whose zeros are chance', () => {
    const narrow = layoutOf([{ name: 'kernel', shape: [4, 1], trainable: true }]);
    const [left, right] = [Float32Array.of(0.01, 1, 1, 1), Float32Array.of(0, 1, 1, 1)];
    const found = compare(computed(left), computed(right, 'b@1'), {
      layout: narrow,
      samples: 16,
      usualNorm: 0,
    });
    expect(found.verdict).toBe('within tolerance');
  });
});
