import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import fixtures from '../../../../coordinator/update/fixtures/optimizers.json' with { type: 'json' };
import { errorOf, gradients, start } from '../../../../test/support/update/numbers.js';
import { createKernels } from '../kernels/create.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Optimizer, Part } from './optimizer.js';
import { createOptimizer, OPTIMIZER_NAMES, OPTIMIZERS, takersOf, usualOf } from './optimizers.js';

type Given = Parameters<typeof createOptimizer>[0];

const KINDS = ['wasm', 'typescript'] as const;

const cases = fixtures.optimizers.map(({ options, learningRate, weights }) => ({
  title: Object.entries(options)
    .map(([name, value]) => (name === 'name' ? value : `${name} ${value}`))
    .join(', '),
  options: options as Given,
  learningRate,
  weights: Object.entries(weights).map(([step, values]) => ({ step: Number(step), values })),
}));

/** All vectors of an update rule for `weights.length` parameters. */
class Training {
  private whole: Part;

  constructor(
    private readonly kernels: Kernels,
    private readonly optimizer: Optimizer,
    /** Where a new part, or with `updateWhole` a new tensor, begins. */
    private readonly cuts: readonly number[],
    weights: Float32Array,
  ) {
    const vector = () => kernels.allocate(weights.length);
    this.whole = {
      weights: vector(),
      next: vector(),
      gradient: vector(),
      slots: optimizer.slots.map(({ initial }) => vector().fill(initial)),
    };
    this.whole.weights.set(weights);
  }

  /** @returns the new weights */
  step(gradient: Float32Array, learningRate: number, t: number): Float32Array {
    const { kernels, optimizer, whole } = this;
    const before = whole.weights.slice();
    whole.gradient.set(gradient);
    const bounds = [0, ...this.cuts, gradient.length];
    const parts = bounds.slice(1).map((end, i) => {
      const cut = (vector: Float32Array) => vector.subarray(bounds[i], end);
      const { weights, next, gradient, slots } = whole;
      return { weights: cut(weights), next: cut(next), gradient: cut(gradient), slots: slots.map(cut) };
    });
    const hyper = { learningRate, t };
    if (optimizer.updateWhole) {
      optimizer.updateWhole(
        kernels,
        parts.map((part) => [part]),
        hyper,
      );
    } else for (const part of parts) optimizer.update(kernels, part, hyper);
    expect(whole.weights).toEqual(before);
    this.whole = { ...whole, weights: whole.next, next: whole.weights };
    return this.whole.weights;
  }
}

function train(kind: Kernels['kind'], options: Given, learningRate: number, cuts: number[]) {
  const kernels = createKernels({ capacityFloats: 4096, kind });
  const training = new Training(kernels, createOptimizer(options), cuts, start());
  return [...gradients()].map((gradient, i) => training.step(gradient, learningRate, i + 1).slice());
}

describe.each(KINDS)('an update rule on %s kernels', (kind) => {
  const tensorCuts = fixtures.tensors.slice(0, -1);

  it.each(cases)('agrees with the reference over 100 steps: $title', ({ options, learningRate, weights }) => {
    const trained = train(kind, options, learningRate, tensorCuts);
    for (const { step, values } of weights) {
      expect(errorOf(trained.slice(0, step), values), `step ${step}`).toBeLessThan(1e-6);
    }
  });
});

describe('an update rule', () => {
  it.each(cases)('gives the same bits on both kinds of kernels: $title', ({ options, learningRate }) => {
    const [wasm, typescript] = KINDS.map((kind) => train(kind, options, learningRate, [17]));
    expect(wasm).toEqual(typescript);
  });

  it('gives the same bits however the vector is cut into parts, unless it looks at whole tensors', () => {
    const chunkwise = cases.filter(({ options }) => !createOptimizer(options).updateWhole);
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: fixtures.parameters - 1 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...chunkwise), cuts, ({ options, learningRate }, at) => {
        const sorted = at.toSorted((a, b) => a - b);
        expect(train('wasm', options, learningRate, sorted)).toEqual(
          train('wasm', options, learningRate, []),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('adds weight decay to the gradient, to the bit: with momentum and without', () => {
    const kernels = createKernels({ capacityFloats: 4096, kind: 'typescript' });
    const [decay, f] = [0.01, Math.fround];
    const names = ['sgd', 'adam', 'rmsprop', 'adagrad'] as const;
    const rules = names.flatMap((name): Given[] =>
      takersOf('momentum').includes(name) ? [{ name }, { name, momentum: 0.9 }] : [{ name }],
    );
    for (const rule of rules) {
      let weights = start();
      const [decayed, plain] = [{ ...rule, weightDecay: decay }, rule].map(
        (options) => new Training(kernels, createOptimizer(options), [], weights),
      ) as [Training, Training];
      for (const [at, gradient] of [...gradients()].slice(0, 5).entries()) {
        const withDecay = gradient.map((g, i) => g + f(f(decay) * weights[i]!));
        weights = plain.step(withDecay, 0.01, at + 1).slice();
        expect(decayed.step(gradient, 0.01, at + 1), JSON.stringify(rule)).toEqual(weights);
      }
    }
  });

  it('keeps no state vector that its options leave idle, under the names that checkpoints have', () => {
    const slots = (options: Given) => createOptimizer(options).slots.map(({ name }) => name);
    expect(slots({ name: 'adagrad' })).toEqual(['sum']);
    for (const name of ['adam', 'adamw', 'lamb'] as const) expect(slots({ name })).toEqual(['m', 'v']);
    expect(slots({ name: 'sgd' })).toEqual([]);
    expect(slots({ name: 'sgd', momentum: 0.9 })).toEqual(['momentum']);
    expect(slots({ name: 'rmsprop' })).toEqual(['v']);
    expect(slots({ name: 'rmsprop', momentum: 0.9 })).toEqual(['v', 'momentum']);
  });

  it('comes closer to the minimum of a convex function, whichever it is', () => {
    const targets = Float32Array.from([1, -2, 0.5, 3, -0.25]);
    const distance = (weights: Float32Array) => Math.hypot(...weights.map((w, i) => w - targets[i]!));
    const initial = new Float32Array(5).fill(0.1);
    const distanceAfter = (options: Given, learningRate: number) => {
      const training = new Training(
        createKernels({ capacityFloats: 256 }),
        createOptimizer(options),
        [],
        initial,
      );
      let weights = initial;
      for (let t = 1; t <= 200; t++) {
        const gradient = weights.map((w, i) => w - targets[i]!);
        weights = training.step(gradient, learningRate, t).slice();
      }
      return distance(weights);
    };
    for (const { name, defaults } of OPTIMIZERS) {
      expect(distanceAfter({ name }, 0.02), name).toBeLessThan(0.8 * distance(initial));
      const { lr, ...usual } = defaults;
      expect(distanceAfter({ name, ...usual }, lr), `${name}, as usual`).toBeLessThan(distance(initial));
    }
  });
});

describe('the table of update rules', () => {
  it('has each name once, and usual values only of options that the rule takes', () => {
    const names = OPTIMIZERS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { takes, defaults } of OPTIMIZERS) {
      for (const option of ['momentum', 'weightDecay'] as const)
        if (defaults[option]) expect(takes).toContain(option);
    }
  });

  it('tells people which rules there are, which take an option, and what it usually is', () => {
    expect(OPTIMIZER_NAMES).toEqual(['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'lamb']);
    expect(takersOf('nesterov')).toEqual(['sgd']);
    expect(takersOf('momentum')).toEqual(['sgd', 'rmsprop']);
    expect(takersOf('weightDecay')).toEqual(OPTIMIZER_NAMES);
    expect(usualOf('momentum')).toBe('0.9 for sgd, else 0');
    expect(usualOf('weightDecay')).toBe('0.01 for adamw, else 0');
  });

  it('names exactly the options that make a rule another one', () => {
    const part = () => {
      const vector = (...values: number[]) => Float32Array.from(values);
      return { weights: vector(1, -2), next: vector(0, 0), gradient: vector(0.5, 3), slots: [] };
    };
    const kernels = createKernels({ capacityFloats: 64, kind: 'typescript' });
    const moved = (options: Given) => {
      const optimizer = createOptimizer(options);
      let weights = Float32Array.from([1, -2]);
      const slots = optimizer.slots.map(({ initial }) => new Float32Array(2).fill(initial));
      for (let t = 1; t <= 3; t++) {
        const next = new Float32Array(2);
        optimizer.update(kernels, { ...part(), weights, next, slots }, { learningRate: 0.1, t });
        weights = next;
      }
      return [...weights];
    };
    const changes = { momentum: 0.5, nesterov: true, dampening: 0.5, weightDecay: 0.5 };
    for (const { name, takes } of OPTIMIZERS) {
      // Without momentum there is none to dampen.
      const usual = { name, momentum: takes.includes('momentum') ? 0.9 : 0 };
      const before = moved(usual);
      for (const [option, value] of Object.entries(changes)) {
        const changed = moved({ ...usual, [option]: value });
        const matters = JSON.stringify(changed) !== JSON.stringify(before);
        expect(matters, `${option} of ${name}`).toBe(takes.some((taken) => taken === option));
      }
    }
  });
});

describe('LAMB', () => {
  const kernels = createKernels({ capacityFloats: 4096 });
  const lamb = createOptimizer({ name: 'lamb' });

  it('moves a tensor by the learning rate times its own norm', () => {
    const weights = start();
    const [gradient] = gradients();
    const moved = new Training(kernels, lamb, [], weights).step(gradient!, 0.01, 1);
    const norm = (vector: Float32Array) => Math.hypot(...vector);
    expect(norm(moved.map((value, i) => value - weights[i]!))).toBeCloseTo(0.01 * norm(weights), 6);
  });

  it('lets weights of 0 move, though their norm is 0', () => {
    const moved = new Training(kernels, lamb, [], new Float32Array(3)).step(
      Float32Array.from([1, -1, 1]),
      0.01,
      1,
    );
    for (const [i, sign] of [-1, 1, -1].entries()) expect(moved[i]).toBeCloseTo(0.01 * sign, 6);
  });

  it('leaves weights finite where the gradient is 0', () => {
    const moved = new Training(kernels, lamb, [], Float32Array.from([1, 2])).step(
      new Float32Array(2),
      0.01,
      1,
    );
    expect([...moved]).toEqual([1, 2]);
  });
});
