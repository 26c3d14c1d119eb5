/** Rules for runs in which nobody is trusted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CenteredClipping } from '../../../coordinator/update/robust/clip.js';
import { median, trimmedMean } from '../../../coordinator/update/robust/coordinates.js';
import { DriftWatch } from '../../../coordinator/update/robust/drift.js';
import { Random } from '../../../shared/numerics/random.js';
import { LIES, type Participant, swarmOfLiars } from '../../support/byzantine/swarm-of-liars.js';
import { tellingTests } from '../../support/simulation/last-events.js';

tellingTests();

const vector = (...values: number[]) => Float32Array.from(values);
const clipping = () => new CenteredClipping({ secret: [1], tell: () => undefined });
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (value, i) => value - b[i]!));

describe('rules by element', () => {
  it('take the middle, or the mean of the two in the middle', () => {
    expect(median([vector(1, -5), vector(9, 2), vector(2, 1000)])).toEqual(vector(2, 2));
    expect(median([vector(1), vector(4), vector(2), vector(100)])).toEqual(vector(3));
  });

  it('leave out a quarter at each end, and always somebody in the middle', () => {
    expect(trimmedMean([1, 2, 3, 6, -1e9, 1e9, 4, 5].map((value) => vector(value)))).toEqual(vector(3.5));
    expect(trimmedMean([vector(1), vector(2), vector(1e9)])).toEqual(vector(2));
    expect(trimmedMean([vector(7)])).toEqual(vector(7));
    expect(trimmedMean([vector(7), vector(9)])).toEqual(vector(8));
  });
});

describe('centered clipping', () => {
  const gradientsOf = (random: Random, workers: number, center: number, spread: number) =>
    Array.from({ length: workers }, (_, i) => ({
      identity: `worker ${i}`,
      gradient: Float32Array.from({ length: 20 }, () => center + random.between(-spread, spread)),
    }));

  it('is the formula of the paper, with the median distance as its radius', () => {
    const random = new Random(3);
    const rule = clipping();
    let momenta: number[][] = [];
    let center: number[] | undefined;
    for (let step = 0; step < 4; step++) {
      const gradients = gradientsOf(random, 5, 1, 2);
      const given = gradients.map(({ gradient }) => Array.from(gradient));
      momenta =
        step === 0 ? given : momenta.map((m, w) => m.map((value, i) => 0.9 * value + 0.1 * given[w]![i]!));
      center ??= momenta[0]!.map((_, i) => momenta.map((m) => m[i]!).sort((a, b) => a - b)[2]!);
      for (let round = 0; round < 3; round++) {
        const at: number[] = center;
        const lengths = momenta.map((m) => distance(m, at));
        const radius = [...lengths].sort((a, b) => a - b)[2]!;
        center = at.map(
          (value, i) =>
            value +
            momenta.reduce((sum, m, w) => sum + (m[i]! - value) * Math.min(1, radius / lengths[w]!), 0) / 5,
        );
      }
      const result = rule.aggregate(gradients);
      for (const [i, value] of center.entries()) expect(result[i]).toBeCloseTo(value, 5);
    }
  });

  it('is the mean of workers that agree', () => {
    const rule = clipping();
    const same = Array.from({ length: 4 }, (_, i) => ({ identity: `${i}`, gradient: vector(1, -2, 3) }));
    expect(rule.aggregate(same)).toEqual(vector(1, -2, 3));
  });

  it('leaves out who drifts away, and says so once', () => {
    const told: string[] = [];
    const rule = new CenteredClipping({ secret: [1], tell: ({ text }) => told.push(text) });
    const random = new Random(4);
    for (let step = 0; step < 60; step++) {
      const good = gradientsOf(random, 5, 1, 1);
      const bad = { identity: 'liar', gradient: new Float32Array(20).fill(-1) };
      rule.aggregate([...good, bad]);
    }
    expect(told).toEqual([expect.stringMatching(/^liar is left out: /)]);
  });

  it('is moved by a minority of liars no farther than honest workers are spread, whatever those send', () => {
    const lies = fc.record({
      honest: fc.integer({ min: 3, max: 8 }),
      liars: fc.integer({ min: 0, max: 7 }),
      size: fc.constantFrom(-1e6, -100, -1, 0, 1, 30, 1e8),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(lies, ({ honest, liars, size, seed }) => {
        fc.pre(liars < honest);
        const random = new Random(seed);
        const rule = clipping();
        for (let step = 0; step < 5; step++) {
          const good = gradientsOf(random, honest, 1, 0.5);
          const bad = Array.from({ length: liars }, (_, i) => ({
            identity: `liar ${i}`,
            gradient: new Float32Array(20).fill(size),
          }));
          const result = rule.aggregate([...good, ...bad]);
          // Honest momenta lie within sqrt(20) / 2 of 1: five of these is what a bare majority leaves.
          expect(distance(result, new Float32Array(20).fill(1))).toBeLessThan((5 * Math.sqrt(20)) / 2);
        }
      }),
    );
  });
});

describe('a watch over those who drift away', () => {
  const ELEMENTS = 300;
  const LIE = 0.6;
  /** What honest workers send has a mean that moves, and noise of deviation 1. */
  const sent = (random: Random, step: number, lie = 0) =>
    Float32Array.from({ length: ELEMENTS }, () => 3 / step + lie + normal(random));
  const normal = (random: Random) =>
    Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind} ${i}`);
  /** Who is left out at each step; `lieAt` is what a liar adds to each element, in deviations. */
  function watch(options: { honest: number; liars: number; steps: number; lieAt(step: number): number }) {
    const { honest, liars, steps, lieAt } = options;
    const [random, drift] = [new Random(5), new DriftWatch([9])];
    return Array.from({ length: steps }, (_, at) => {
      const step = at + 1;
      const gradients = [
        ...names('honest', honest).map((identity) => ({ identity, gradient: sent(random, step) })),
        ...names('liar', liars).map((identity) => ({ identity, gradient: sent(random, step, lieAt(step)) })),
      ];
      return [...drift.outliers(gradients)].sort();
    });
  }

  it('leaves out nobody whom only noise tells apart, and no newcomer', () => {
    const steps = watch({ honest: 9, liars: 0, steps: 300, lieAt: () => 0 });
    expect(steps.flat()).toEqual([]);
    const [random, drift] = [new Random(6), new DriftWatch([9])];
    for (let step = 1; step <= 200; step++) {
      const there = names('honest', step < 100 ? 5 : 7);
      const gradients = there.map((identity) => ({ identity, gradient: sent(random, step) }));
      expect([...drift.outliers(gradients)]).toEqual([]);
    }
  });

  it('finds within ten steps of knowing them whoever lies by less than the noise', () => {
    const steps = watch({ honest: 5, liars: 4, steps: 60, lieAt: () => LIE });
    for (const leftOut of steps.slice(20)) expect(leftOut).toEqual(names('liar', 4));
  });

  it('finds those who begin to lie late, and remembers when they stop, for a while', () => {
    const lieAt = (step: number) => (step > 100 && step <= 160 ? -LIE : 0);
    const steps = watch({ honest: 6, liars: 2, steps: 900, lieAt });
    expect(steps.slice(0, 100).flat()).toEqual([]);
    for (const leftOut of steps.slice(130, 200)) expect(leftOut).toEqual(names('liar', 2));
    expect(steps.at(-1)).toEqual([]);
  });

  it('leaves out a minority at most, whatever is sent', () => {
    const step = fc.array(fc.record({ who: fc.nat(6), size: fc.constantFrom(-1e30, -1, 0, 1, 1e6) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 25, maxLength: 40 }), fc.nat(), (steps, seed) => {
        const [random, drift] = [new Random(seed), new DriftWatch([seed])];
        for (const contributions of steps) {
          const workers = [...new Map(contributions.map(({ who, size }) => [who, size]))].map(
            ([who, size]) => ({
              identity: `${who}`,
              gradient: Float32Array.from({ length: 4 }, () => size * random.float()),
            }),
          );
          expect(drift.outliers(workers).size).toBeLessThan(Math.max(workers.length / 2, 1));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a run in which two of nine lie', () => {
  const honest = (count: number): Participant[] =>
    Array.from({ length: count }, (_, i) => ({ name: `honest ${i}`, role: 'worker' as const }));
  const base = { steps: 40, shards: 1, batchSize: 32, auditRate: 0 };
  const start = () => swarmOfLiars({ ...base, steps: 0, participants: honest(1) });

  it.each(['clip', 'median', 'trimmed'] as const)(
    'goes where an honest one goes by the rule %s',
    async (robust) => {
      const from = (await start()).weights;
      const goal = (await swarmOfLiars({ ...base, robust, participants: honest(9) })).weights;
      const traveled = distance(goal, from);
      for (const how of [
        'turns the sign',
        'multiplies by -1000',
        'sends zeros',
        'sends NaN',
        'tells another loss',
      ]) {
        const liars = [0, 1].map(
          (i): Participant => ({ name: `liar ${i}`, role: 'worker', lie: LIES[how]! }),
        );
        const run = await swarmOfLiars({ ...base, robust, participants: [...honest(7), ...liars] });
        expect(distance(run.weights, goal), how).toBeLessThan(0.35 * traveled);
        expect(run.counters.counted).toBeGreaterThan(0);
      }
    },
  );

  it('goes elsewhere without a rule', async () => {
    const from = (await start()).weights;
    const goal = (await swarmOfLiars({ ...base, participants: honest(9) })).weights;
    const lie = LIES['multiplies by -1000']!;
    const liars = [0, 1].map((i): Participant => ({ name: `liar ${i}`, role: 'worker', lie }));
    const run = await swarmOfLiars({ ...base, shards: 16, participants: [...honest(7), ...liars] });
    expect(distance(run.weights, goal)).toBeGreaterThan(distance(goal, from));
  });

  it('is the same again for the same workers', async () => {
    const again = () => swarmOfLiars({ ...base, robust: 'clip', participants: honest(5) });
    expect((await again()).weights).toEqual((await again()).weights);
  });
});
