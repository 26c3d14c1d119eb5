import { describe, expect, it } from 'vitest';
import type { Probe } from '../shared/engines/probe.js';
import {
  BATCHES,
  type FakeOptions,
  fakeMachine,
  LAYOUT,
  MANIFEST,
} from '../test/support/compiled/fake-engine.js';
import { batchOf, distanceFromReference, makeProbe, TOLERANCE } from './admission.js';
import type { Engine } from './engine.js';

const newProbe = () => makeProbe(fakeMachine().engine('reference'), LAYOUT, BATCHES, 7);

async function distanceOf(options: FakeOptions) {
  const engine = fakeMachine().engine('tested', options);
  return distanceFromReference(engine, await newProbe(), LAYOUT, MANIFEST);
}

describe('the probe', () => {
  it('survives the way as JSON, and its records come back', async () => {
    const probe = JSON.parse(JSON.stringify(await newProbe())) as Probe;
    for (const [i, reference] of probe.cases.entries()) {
      expect(batchOf(reference, MANIFEST)).toEqual(BATCHES[i]);
    }
    const engine = fakeMachine().engine('tested');
    expect(await distanceFromReference(engine, probe, LAYOUT, MANIFEST)).toBe(0);
  });

  it('keeps of each weight its largest gradient and a sample', async () => {
    const { cases } = await newProbe();
    for (const { gradient } of cases) {
      expect(gradient.map(({ values }) => values.length)).toEqual([64, 64]);
      for (const { max, values } of gradient) {
        expect(max).toBeGreaterThan(0);
        expect(max).toBeGreaterThanOrEqual(Math.max(...values.map(Math.abs)));
      }
    }
  });

  it('repeats its records to the size of a shard', async () => {
    const { cases } = await newProbe();
    const { count, x, y } = batchOf(cases[0]!, MANIFEST, 5);
    expect(count).toBe(5);
    // Each repetition starts with the next.
    expect([...x]).toEqual([1, 2, 3, 4, 3, 4, 1, 2, 1, 2]);
    expect([...y]).toEqual([0, 1, 1, 0, 0]);
  });
});

describe('the distance from the reference', () => {
  it('is within the tolerance for the rounding of float32, beyond it for that of half precision', async () => {
    const rounded = (bits: number) => (value: number) => {
      const unit = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - bits);
      return Math.round(value / unit) * unit;
    };
    expect(await distanceOf({ distort: rounded(20) })).toBeLessThan(1e-5);
    expect(await distanceOf({ distort: rounded(7) })).toBeGreaterThan(TOLERANCE);
  });

  it("is relative to the weight's largest gradient, not to each element", async () => {
    // An error of 1e-6 of the size of the largest matters nowhere, not even where the gradient is near 0.
    const { cases } = await newProbe();
    const largest = Math.min(...cases.flatMap(({ gradient }) => gradient.map(({ max }) => max)));
    expect(await distanceOf({ distort: (value) => value + 1e-6 * largest })).toBeLessThan(1e-5);
  });

  it('finds one wrong weight among right ones', async () => {
    const { offset } = LAYOUT.slots[1]!;
    expect(await distanceOf({ distort: (value, i) => (i >= offset ? -value : value) })).toBeGreaterThan(1);
  });

  it('finds a wrong loss', async () => {
    expect(await distanceOf({ distortLoss: (loss) => loss * 1.05 })).toBeCloseTo(0.05, 6);
  });

  it('is infinite for numbers that are none', async () => {
    expect(await distanceOf({ distort: () => Number.NaN })).toBe(Number.POSITIVE_INFINITY);
    expect(await distanceOf({ distortLoss: () => Number.NaN })).toBe(Number.POSITIVE_INFINITY);
  });

  it('is that of the better case: in one, rounding may decide the sign of an input of a ReLU', async () => {
    const firstCase = BATCHES[0]!.x[0]!;
    const distort = (value: number, i: number, x0: number) => (x0 === firstCase && i === 0 ? 0 : value);
    expect(await distanceOf({ distort })).toBe(0);
  });
});

describe('the repetition of records to whole blocks of samples', () => {
  /** The gradient is a sum over samples; `wrong` are those that it takes twice. */
  const summing = (wrong: (count: number, sample: number) => boolean, noise = 0): Engine => {
    let weights = new Float32Array(LAYOUT.total);
    return {
      ...fakeMachine().engine('summing'),
      async setWeights(given) {
        weights = given.slice();
      },
      async gradient({ count, x }, seed, into) {
        into.fill(0);
        let loss = 0;
        for (let n = 0; n < count; n++) {
          const value = (wrong(count, n) ? 2 : 1) * (2 + Math.sin(x[2 * n]!) + noise * Math.sin(seed));
          loss += value;
          for (let i = 0; i < into.length; i++) into[i]! += value * weights[i]!;
        }
        return { loss, metric: 0 };
      },
    };
  };
  const probed = async (engine: Engine, reference = summing(() => false)) => {
    const probe = await makeProbe(reference, LAYOUT, BATCHES, 7);
    return distanceFromReference(engine, probe, LAYOUT, MANIFEST);
  };

  it('is no distance where nothing is wrong', async () => {
    expect(await probed(summing(() => false))).toBeLessThan(1e-6);
  });

  it('finds an engine that is wrong only there', async () => {
    expect(await probed(summing((count) => count % 16 === 0))).toBeCloseTo(1, 5);
    // One sample of sixteen.
    expect(await probed(summing((count, sample) => count === 16 && sample === 3))).toBeGreaterThan(0.02);
  });

  it('is left out for a model that draws random numbers, whose gradient is no multiple then', async () => {
    const wrong = summing((count) => count % 16 === 0, 0.1);
    expect(
      await probed(
        wrong,
        summing(() => false, 0.1),
      ),
    ).toBeLessThan(1e-6);
  });
});
