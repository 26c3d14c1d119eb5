/** Rules for runs in which nobody is trusted. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CenteredClipping } from '../../coordinator/update/robust/clip.js';
import { median, trimmedMean } from '../../coordinator/update/robust/coordinates.js';
import { Random } from '../../shared/random.js';
import { LIES, type Participant, swarmOfLiars } from '../support/swarm-of-liars.js';

vi.mock('../../shared/chunk-size.js', () => ({ CHUNK_ELEMENTS: 16 }));

const vector = (...values: number[]) => Float32Array.from(values);
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
    const rule = new CenteredClipping();
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
    const rule = new CenteredClipping();
    const same = Array.from({ length: 4 }, (_, i) => ({ identity: `${i}`, gradient: vector(1, -2, 3) }));
    expect(rule.aggregate(same)).toEqual(vector(1, -2, 3));
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
        const rule = new CenteredClipping();
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

describe('a run in which two of nine lie', { timeout: 60_000 }, () => {
  const honest = (count: number): Participant[] =>
    Array.from({ length: count }, (_, i) => ({ name: `honest ${i}`, role: 'worker' as const }));
  const base = { steps: 40, shards: 1, batchSize: 32, auditRate: 0 };
  const start = () => swarmOfLiars({ ...base, steps: 0, participants: honest(1) });

  it.each(['clip', 'median', 'trimmed'] as const)(
    'goes where an honest one goes by the rule %s',
    async (robust) => {
      const from = (await start()).weights;
      const goal = (await swarmOfLiars({ ...base, robust, participants: honest(9) })).weights;
      const travelled = distance(goal, from);
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
        expect(distance(run.weights, goal), how).toBeLessThan(0.35 * travelled);
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
