/**
 * Whole rounds against a plain loop in float64: M replicas, each of which makes H updates from the same weights, and the
 * coordinator's Nesterov step. The loop shares no code with what it tests.
 */
import { describe, expect, it } from 'vitest';
import { layoutOf, type WeightSpec } from '../../../shared/numerics/layout.js';
import { mix } from '../../../shared/numerics/random.js';
import { runLayout, weightsOfModel, withInitialState } from '../../../shared/numerics/rounds/round-layout.js';
import type { LocalTerms } from '../../../shared/numerics/rounds/terms.js';
import { ROOT, shardBounds } from '../../../shared/numerics/tree.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import { setup } from '../../../test/support/update/pipeline-setup.js';
import { NodeComputer } from '../../compute-node.js';
import type { Batch, Engine } from '../../engine.js';
import { LocalTrainer } from './local-trainer.js';

const [INPUTS, MEANS, FROZEN] = [3, 2, 1];
const SPECS: WeightSpec[] = [
  { name: 'dense/kernel', shape: [INPUTS], trainable: true },
  { name: 'norm/mean', shape: [MEANS], trainable: false },
  { name: 'below/kernel', shape: [FROZEN], trainable: false, frozen: true },
];
const PLAIN = { momentum: 0, nesterov: false, dampening: 0, weightDecay: 0 };
const BASE: LocalTerms = {
  ...{ steps: 5, optimizer: { name: 'sgd', ...PLAIN }, clipNorm: 0, clipValue: 0, state: 'average' },
};

/** A line through records of three numbers, with dropout of whole records by the seed, and a statistic that follows x. */
const errorOf = (w: ArrayLike<number>, x: ArrayLike<number>, y: number) =>
  w[0]! * x[0]! + w[1]! * x[1]! + w[2]! * x[2]! + w[INPUTS + MEANS]! - y;
const isDropped = (seed: number, record: number) => mix(seed, record) % 4 === 0;

function lineEngine(): Engine {
  let weights = new Float32Array();
  return {
    ...{ name: 'line', engineClass: 'line@1', dispose: () => undefined },
    async setWeights(given) {
      weights = given.slice();
    },
    async gradient({ count, x, y }, seed, into) {
      into.fill(0);
      let loss = 0;
      for (let record = 0; record < count; record++) {
        if (isDropped(seed, record)) continue;
        const at = x.subarray(INPUTS * record, INPUTS * (record + 1));
        const error = errorOf(weights, at, y[record]!);
        loss += error ** 2;
        for (let i = 0; i < INPUTS; i++) into[i]! += 2 * error * at[i]!;
      }
      for (let i = 0; i < MEANS; i++)
        for (let record = 0; record < count; record++)
          into[INPUTS + i]! += 0.1 * (x[INPUTS * record + i]! - weights[INPUTS + i]!);
      return { loss, metric: count };
    },
    evaluate: async () => ({ loss: weights[0]!, metric: weights[INPUTS]! }),
  };
}

const SAMPLES = 61;
const RECORDS = Float32Array.from({ length: INPUTS * SAMPLES }, (_, i) => Math.sin(7 * i));
const TARGETS = Float32Array.from({ length: SAMPLES }, (_, i) => Math.cos(3 * i));
const batchOf = (from: number, to: number): Batch => ({
  count: to - from,
  x: RECORDS.subarray(INPUTS * from, INPUTS * to),
  y: TARGETS.subarray(from, to),
});
const rateOf = (update: number) => 0.05 / (1 + update);
const seedOf = (round: number, replica: number) => mix(9, round, replica);
const INITIAL = Float32Array.of(0.5, -1, 2, 0.1, 0.2, 0.3);
const OUTER = { rate: 0.7, momentum: 0.9 };

/** By what runs: replicas by local trainers, their tree, the pipeline. @returns the run's vector after so many rounds */
async function rounds(terms: LocalTerms, replicas: number, count: number): Promise<Float32Array> {
  const layout = runLayout(SPECS, terms);
  const outer = createOptimizer({ name: 'sgd', momentum: OUTER.momentum, nesterov: true });
  const made = setup({ optimizer: outer }, layout, replicas);
  const vector = withInitialState(INITIAL, layout, terms);
  made.pipeline.weights.load(vector, 0);
  const trainer = new LocalTrainer(lineEngine(), terms, SPECS);
  for (let round = 0; round < count; round++) {
    await trainer.setWeights(made.pipeline.weights.flat());
    const bounds = shardBounds(SAMPLES, replicas);
    const before = round * terms.steps;
    const rates = Array.from({ length: terms.steps }, (_, at) => rateOf(before + at));
    const shards = Array.from({ length: replicas }, (_, replica) => ({
      batch: batchOf(bounds[replica]!, bounds[replica + 1]!),
      seed: seedOf(round, replica),
      updates: { before, rates },
    }));
    const into = new Float32Array(layout.total);
    const { samples } = await new NodeComputer(trainer).compute(shards, into);
    expect(samples).toBe(SAMPLES);
    made.begin(SAMPLES, OUTER.rate);
    made.add(ROOT, 0, into);
    made.pipeline.end();
  }
  return made.pipeline.weights.flat();
}

interface Model {
  w: number[];
  m: number[];
  v: number[];
}

/** One update of a replica, as PyTorch has it. */
function updated(
  { w, m, v }: Model,
  grad: number[],
  t: number,
  first: number,
  terms: LocalTerms,
  lr: number,
) {
  const norm = Math.hypot(...grad);
  const scale = terms.clipNorm > 0 ? Math.min(1, terms.clipNorm / (norm + 1e-6)) : 1;
  for (let i = 0; i < INPUTS; i++) {
    let g = grad[i]! * scale;
    if (terms.clipValue > 0) g = Math.max(-terms.clipValue, Math.min(terms.clipValue, g));
    if (terms.optimizer.name === 'adam') {
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const [mean, variance] = [m[i]! / (1 - 0.9 ** first), v[i]! / (1 - 0.999 ** t)];
      w[i]! -= (lr * mean) / (Math.sqrt(variance) + 1e-8);
    } else {
      m[i] = terms.optimizer.momentum * m[i]! + g;
      w[i]! -= lr * (terms.optimizer.momentum > 0 ? m[i]! : g);
    }
  }
}

/** The same in plain words. */
function plainRounds(terms: LocalTerms, replicas: number, count: number): Model {
  const zeros = () => new Array<number>(INPUTS).fill(0);
  const theta = { w: Array.from(INITIAL), m: zeros(), v: zeros() };
  const buffer = zeros();
  for (let round = 0; round < count; round++) {
    const mean: Model = { w: new Array(theta.w.length).fill(0), m: zeros(), v: zeros() };
    for (let replica = 0; replica < replicas; replica++) {
      const [from, to] = [replica, replica + 1].map((at) => Math.floor((at * SAMPLES) / replicas));
      const samples = to! - from!;
      const own = { w: [...theta.w], m: zeros(), v: zeros() };
      if (terms.state === 'average') own.m = [...theta.m];
      if (terms.state !== 'none') own.v = [...theta.v];
      for (let h = 0; h < terms.steps; h++) {
        const begin = from! + Math.floor((h * samples) / terms.steps);
        const end = from! + Math.floor(((h + 1) * samples) / terms.steps);
        if (begin === end) continue;
        const grad = zeros();
        const statistics = [0, 0];
        for (let record = begin; record < end; record++) {
          const x = RECORDS.subarray(INPUTS * record, INPUTS * record + INPUTS);
          for (let i = 0; i < MEANS; i++) statistics[i]! += 0.1 * (x[i]! - own.w[INPUTS + i]!);
          if (isDropped(mix(seedOf(round, replica), h), record - begin)) continue;
          const error = errorOf(own.w, x, TARGETS[record]!);
          for (let i = 0; i < INPUTS; i++) grad[i]! += (2 * error * x[i]!) / (end - begin);
        }
        const t = terms.state === 'none' ? h + 1 : round * terms.steps + h + 1;
        updated(own, grad, t, terms.state === 'average' ? t : h + 1, terms, rateOf(round * terms.steps + h));
        for (let i = 0; i < MEANS; i++) own.w[INPUTS + i]! += statistics[i]! / (end - begin);
      }
      for (const part of ['w', 'm', 'v'] as const)
        for (const [i, value] of own[part].entries()) mean[part][i]! += (value * samples) / SAMPLES;
    }
    for (let i = 0; i < INPUTS; i++) {
      const outer = theta.w[i]! - mean.w[i]!;
      buffer[i] = OUTER.momentum * buffer[i]! + outer;
      theta.w[i]! -= OUTER.rate * (outer + OUTER.momentum * buffer[i]!);
    }
    for (let i = 0; i < MEANS; i++) theta.w[INPUTS + i] = mean.w[INPUTS + i]!;
    [theta.m, theta.v] = [mean.m, mean.v];
  }
  return theta;
}

const expectNear = (actual: ArrayLike<number>, expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(actual[i]! - value)).toBeLessThan(2e-5 * Math.max(1, Math.abs(value)));
};

describe('rounds', () => {
  it.each([
    ['SGD', {}],
    [
      'SGD with momentum that begins anew',
      { state: 'none', optimizer: { name: 'sgd', ...PLAIN, momentum: 0.9 } },
    ],
    ['SGD with the mean of the momenta', { optimizer: { name: 'sgd', ...PLAIN, momentum: 0.9 } }],
    ['Adam with the mean of its moments', { optimizer: { name: 'adam', ...PLAIN } }],
    ['Adam with that of the second alone', { state: 'variance', optimizer: { name: 'adam', ...PLAIN } }],
    ['gradients that are clipped', { clipNorm: 0.5, clipValue: 0.2 }],
    ['more updates than a replica has samples', { steps: 20 }],
  ] as const)('of %s are those of a plain loop', async (_, change) => {
    const terms: LocalTerms = { ...BASE, ...change };
    for (const replicas of [1, 4]) {
      const vector = await rounds(terms, replicas, 4);
      const { w, m, v } = plainRounds(terms, replicas, 4);
      expectNear(weightsOfModel(vector, SPECS), w);
      const own = layoutOf(SPECS).moving;
      const isAdam = terms.optimizer.name === 'adam';
      const kept = [
        ...(terms.state === 'average' && (isAdam || terms.optimizer.momentum > 0) ? m : []),
        ...(terms.state !== 'none' && isAdam ? v : []),
      ];
      expectNear(vector.subarray(own, vector.length - FROZEN), kept);
    }
  });
});

describe('a replica', () => {
  const terms: LocalTerms = { ...BASE, optimizer: { name: 'adam', ...PLAIN } };
  const start = withInitialState(INITIAL, runLayout(SPECS, terms), terms);
  const updates = { before: 10, rates: [0.1, 0.1, 0.1] };
  const never = async () => false;

  it('has the same bits whatever was computed before, and evaluates with the weights of the round', async () => {
    const trainer = new LocalTrainer(lineEngine(), terms, SPECS);
    await trainer.setWeights(start);
    const [first, other, again] = [1, 2, 3].map(() => new Float32Array(start.length)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    await trainer.gradient(batchOf(0, 20), 1, first, { updates, isStopped: never });
    await trainer.gradient(batchOf(20, 50), 2, other, { updates, isStopped: never });
    expect(await trainer.evaluate(batchOf(0, 1))).toEqual({ loss: INITIAL[0], metric: INITIAL[INPUTS] });
    await trainer.gradient(batchOf(0, 20), 1, again, { updates, isStopped: never });
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('tells the sums of its updates, of samples, loss and metric', async () => {
    const trainer = new LocalTrainer(lineEngine(), BASE, SPECS);
    const still = INITIAL.slice();
    await trainer.setWeights(still);
    // At rate 0 the weights stay, so that each update is the plain engine's.
    const standing = { before: 0, rates: [0, 0, 0] };
    const into = new Float32Array(still.length);
    const told = await trainer.gradient(batchOf(0, 30), 1, into, { updates: standing, isStopped: never });
    const plain = lineEngine();
    let loss = 0;
    for (const at of [0, 1, 2]) {
      await plain.setWeights(still);
      loss += (await plain.gradient(batchOf(10 * at, 10 * at + 10), mix(1, at), into.slice())).loss;
    }
    expect(told).toEqual({ samples: 30, loss, metric: 30 });
  });

  it('leaves weights as their constraint asks', async () => {
    const [kernel, ...rest] = SPECS as [WeightSpec, ...WeightSpec[]];
    const held: WeightSpec[] = [{ ...kernel, constraint: { kind: 'nonNegative' } }, ...rest];
    const trainer = new LocalTrainer(lineEngine(), BASE, held);
    await trainer.setWeights(INITIAL);
    const into = new Float32Array(INITIAL.length);
    await trainer.gradient(batchOf(0, 30), 1, into, { updates, isStopped: never });
    const left = Array.from({ length: INPUTS }, (_, i) => INITIAL[i]! - into[i]! / 30);
    expect(Math.min(...left)).toBeCloseTo(0, 6);
    expect(Math.max(...left)).toBeGreaterThan(0.1);
  });

  it('updates tensor by tensor where an optimizer looks at whole tensors', async () => {
    const lamb: LocalTerms = { ...BASE, optimizer: { name: 'lamb', ...PLAIN } };
    const trainer = new LocalTrainer(lineEngine(), lamb, SPECS);
    const vector = withInitialState(INITIAL, runLayout(SPECS, lamb), lamb);
    await trainer.setWeights(vector);
    const [into, gradient] = [vector.slice(), INITIAL.slice()];
    const first = { before: 0, rates: [0.1] };
    await trainer.gradient(batchOf(0, 30), 1, into, { updates: first, isStopped: never });
    const plain = lineEngine();
    await plain.setWeights(INITIAL);
    await plain.gradient(batchOf(0, 30), mix(1, 0), gradient);
    // The first update of Adam is the sign of the gradient; LAMB gives it the length of the tensor.
    const step = (0.1 * Math.hypot(...INITIAL.subarray(0, INPUTS))) / Math.sqrt(INPUTS);
    for (let i = 0; i < INPUTS; i++) expect(into[i]! / 30).toBeCloseTo(step * Math.sign(gradient[i]!), 5);
  });

  it('that is stopped ends after the update in hand, and tells of the samples that it has computed', async () => {
    const trainer = new LocalTrainer(lineEngine(), terms, SPECS);
    await trainer.setWeights(start);
    let asked = 0;
    const isStopped = async () => ++asked === 2;
    const into = new Float32Array(start.length);
    const { samples } = await trainer.gradient(batchOf(0, 30), 1, into, { updates, isStopped });
    expect(samples).toBe(20);
    expect(await trainer.evaluate(batchOf(0, 1))).toEqual({ loss: INITIAL[0], metric: INITIAL[INPUTS] });
  });
});
