import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { replayer } from '../../../../engine/eager/traced/replay.js';
import type { LabelKind } from '../../../../shared/data/manifest.js';
import { dice, focal, huber, quantile, smoothed } from './fixtures/losses.mjs';
import type { OwnFunction, PerSampleFunction } from './own-function.js';
import { plainInputs, type Subject } from './plain-inputs.js';
import { traceOwn } from './trace-own.js';

beforeAll(() => tf.setBackend('cpu'));

const classes: Subject = {
  label: { kind: 'class', classes: 3 },
  labelShape: [],
  outputShape: [3],
  end: 'softmax',
};
const value: LabelKind = { kind: 'value', scaling: { mean: 0, std: 1 } } as never;
const numbers: Subject = { label: value, labelShape: [4], outputShape: [4], end: 'linear' };

const traced = (make: OwnFunction, subject: Subject, kind: 'loss' | 'metric' = 'loss') =>
  traceOwn(tf, { called: '--loss own.mjs', name: 'own', make }, subject, kind);

/** The function as it is, with the tf of this file. */
const of =
  (compute: (yTrue: tf.Tensor, yPred: tf.Tensor) => unknown): OwnFunction =>
  () =>
    compute as PerSampleFunction;

const LOSSES = {
  focal: { make: focal(), subject: classes },
  huber: { make: huber(), subject: numbers },
  dice: { make: dice(), subject: numbers },
  quantile: { make: quantile(), subject: numbers },
  smoothed: { make: smoothed(), subject: { ...classes, end: 'linear' } },
};

interface Row {
  name: keyof typeof LOSSES;
  shape: number[];
  yTrue: number[];
  yPred: number[];
  loss: number[];
  gradient: number[];
}
const { rows } = JSON.parse(readFileSync(new URL('./fixtures/losses.json', import.meta.url), 'utf8')) as {
  rows: Row[];
};

/** The losses of samples, and the gradient of their sum by the outputs. */
function computed(loss: ReturnType<typeof replayer>, yTrue: tf.Tensor, yPred: tf.Tensor) {
  const losses = Array.from(loss(tf, { yTrue, yPred }).dataSync());
  const gradient = tf.grad((output) => tf.sum(loss(tf, { yTrue, yPred: output })))(yPred);
  return { losses, gradient: Array.from(gradient.dataSync()) };
}

const expectNear = (numbers: readonly number[], others: readonly number[]) => {
  expect(numbers).toHaveLength(others.length);
  for (const [i, number] of numbers.entries())
    expect(Math.abs(number - others[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(others[i]!)));
};

describe('a traced loss', () => {
  it.each(rows)("gives PyTorch's numbers and gradient: $name", (row) => {
    const { make, subject } = LOSSES[row.name];
    const loss = replayer(traced(make, subject));
    const n = row.loss.length;
    const isClass = subject.label.kind === 'class';
    const yTrue = tf.tensor(row.yTrue, isClass ? [n] : [n, 4], isClass ? 'int32' : 'float32');
    const { losses, gradient } = computed(loss, yTrue, tf.tensor(row.yPred, [n, ...row.shape]));
    expectNear(losses, row.loss);
    expectNear(gradient, row.gradient);
  });

  it('has the gradient of its differences, for any number of samples', () => {
    const replayed = Object.values(LOSSES).map(({ make, subject }) => ({
      loss: replayer(traced(make, subject)),
      subject,
    }));
    fc.assert(
      fc.property(
        fc.constantFrom(...replayed),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 1e6 }),
        ({ loss, subject }, samples, first) => {
          tf.tidy(() => {
            const { yTrue, yPred } = plainInputs(tf, subject, samples, first);
            const { gradient } = computed(loss, yTrue, yPred);
            const at = first % yPred.size;
            const sumAt = (by: number) => {
              const moved = Float64Array.from(yPred.dataSync());
              moved[at]! += by;
              const output = tf.tensor(Float32Array.from(moved), yPred.shape);
              return Array.from(loss(tf, { yTrue, yPred: output }).dataSync()).reduce((a, b) => a + b, 0);
            };
            const h = 2 ** -9;
            const [up, down] = [(sumAt(h) - sumAt(0)) / h, (sumAt(0) - sumAt(-h)) / h];
            // A kink may lie between the two; curvature bends them by its share of h.
            const slack = 2e-2 * (1 + Math.abs(gradient[at]!)) + Math.abs(up - down);
            expect(Math.abs(gradient[at]! - (up + down) / 2)).toBeLessThan(slack);
          });
        },
      ),
    );
  });

  it('is the same graph, by its hash, whenever it is traced; another delta makes another', () => {
    const hash = (delta: number) => traced(huber(delta), numbers).sha256;
    expect(hash(0.5)).toBe(hash(0.5));
    expect(hash(0.5)).not.toBe(hash(0.6));
  });

  it('sees labels of two classes in the shape of one output', () => {
    const subject: Subject = {
      ...classes,
      label: { kind: 'class', classes: 2 },
      outputShape: [1],
      end: 'sigmoid',
    };
    const loss = replayer(
      traced(
        of((yTrue, yPred) => tf.squaredDifference(yTrue, yPred).mean(-1)),
        subject,
      ),
    );
    expect(loss(tf, { yTrue: tf.tensor([[1], [0]]), yPred: tf.tensor([[0.5], [0.25]]) }).dataSync()).toEqual(
      Float32Array.of(0.25, 0.0625),
    );
  });

  it.each<[string, RegExp, (yTrue: tf.Tensor, yPred: tf.Tensor) => unknown]>([
    [
      'a branch on values',
      /reads the numbers of a tensor/,
      (y, p) => (p.dataSync()[0]! > 0 ? p : y).mean(-1),
    ],
    [
      'a mean over all',
      /shape \[\] for 2 samples.*\[2\], for example by .mean/,
      (y, p) => p.sub(y).square().mean(),
    ],
    ['a loss of each output', /shape \[2,4\]/, (y, p) => p.sub(y).square()],
    ['random numbers', /draws random numbers/, (_, p) => p.mul(tf.randomUniform(p.shape)).mean(-1)],
    [
      'an operation without a row',
      /the operation Conv1?2?D.* cannot|Conv2D cannot/,
      (_, p) =>
        tf
          .conv2d(p.reshape([-1, 2, 2, 1]) as tf.Tensor4D, tf.ones([1, 1, 1, 1]), 1, 'same')
          .reshape([-1, 4])
          .mean(-1),
    ],
    [
      'an operation that no engine knows',
      /the operation TopK cannot be traced/,
      (_, p) => tf.topk(p, 2).values.mean(-1),
    ],
    [
      'an operation without gradient',
      /gradient is 0: nothing would be learned/,
      (_, p) => tf.argMax(p, -1).toFloat(),
    ],
    ['a constant', /does not depend on yPred/, (y) => y.mean(-1)],
    ['a number that is none', /NaN for a plain input/, (_, p) => tf.log(p).mean(-1)],
    ['a gradient that is none', /gradient is not finite/, (_, p) => tf.sqrt(tf.relu(p)).mul(0).mean(-1)],
    ['samples mixed', /depends on the other samples/, (y, p) => p.sub(p.mean(0)).sub(y).square().mean(-1)],
    [
      'shapes that stretch',
      /depends on the other samples|other number of samples|something else for/,
      (y, p) => p.slice([0, 0], [-1, 1]).sub(y.mean(-1)).square().mean(-1),
    ],
    [
      'the place in the batch',
      /constants that depend on the place|depends on the other/,
      (_, p) => p.mean(-1).mul(tf.tensor1d(Array.from({ length: p.shape[0]! }, (_, i) => i))),
    ],
    [
      'a custom gradient',
      /gradient is not that of its operations/,
      (_, p) =>
        tf
          .customGrad((x) => ({ value: (x as tf.Tensor).square(), gradFunc: (dy) => dy as tf.Tensor }))(p)
          .mean(-1),
    ],
    [
      'numbers without end',
      /Maximum is given a number that is not finite/,
      (_, p) => tf.maximum(p, Number.NEGATIVE_INFINITY).mean(-1),
    ],
    ['a promise', /asynchronous/, async (_, p) => p.mean(-1)],
    ['a number', /returns 3 where a tensor is needed/, () => 3],
    ['nothing', /returns undefined where/, () => undefined],
    ['whole numbers', /numbers of int32/, (_, p) => p.toInt().sum(-1)],
  ])('is refused in words: %s', (_, expected, compute) => {
    const before = tf.memory().numTensors;
    expect(() => traced(of(compute), numbers)).toThrow(expected);
    expect(() => traced(of(compute), numbers)).toThrow(/^--loss own.mjs: the loss cannot be used: /);
    expect(tf.memory().numTensors - before).toBeLessThan(40);
    expect(tf.getBackend()).toBe('cpu');
  });

  it('is refused where the function returns none', () => {
    expect(() => traced((() => 3) as never, numbers)).toThrow(/must return a function: \(\{ tf \}\) =>/);
  });
});

describe('a traced metric', () => {
  it('needs no gradient', () => {
    const hit = of((y, p) => tf.equal(tf.argMax(p, -1), y).toFloat());
    expect(() => traced(hit, classes)).toThrow(/gradient is 0/);
    const metric = replayer(traced(hit, classes, 'metric'));
    const yPred = tf.tensor([
      [0.1, 0.2, 0.7],
      [0.5, 0.3, 0.2],
    ]);
    expect(Array.from(metric(tf, { yTrue: tf.tensor1d([2, 1], 'int32'), yPred }).dataSync())).toEqual([1, 0]);
  });
});
