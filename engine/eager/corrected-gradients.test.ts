/** Against numeric differentiation in float64, where TF.js's own gradients are wrong. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../shared/numerics/random.js';
import { correctGradients } from './corrected-gradients.js';

const SHAPE = [2, 5, 4, 1] as const;
const [N, H, W] = SHAPE;

beforeAll(async () => {
  await tf.setBackend('cpu');
  correctGradients(tf);
});

/** Mean of each 3x3 window with stride 2 over the pixels that it has, padded by one before and after. */
function pooled(x: Float64Array): Float64Array {
  const results: number[] = [];
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 2; j++) {
        let [sum, count] = [0, 0];
        for (let row = 2 * i - 1; row <= 2 * i + 1; row++) {
          // TF's `same` pads 4 columns by none before and one after.
          for (let column = 2 * j; column <= 2 * j + 2; column++) {
            if (row < 0 || row >= H || column >= W) continue;
            sum += x[(n * H + row) * W + column]!;
            count++;
          }
        }
        results.push(sum / count);
      }
    }
  }
  return Float64Array.from(results);
}

/** Each pixel three times down and twice across. */
function enlarged(x: Float64Array): Float64Array {
  const at = (n: number, i: number, j: number) => x[(n * H + Math.floor(i / 3)) * W + Math.floor(j / 2)]!;
  const results = new Float64Array(N * 3 * H * 2 * W);
  let next = 0;
  for (let n = 0; n < N; n++)
    for (let i = 0; i < 3 * H; i++) for (let j = 0; j < 2 * W; j++) results[next++] = at(n, i, j);
  return results;
}

describe('the gradient', () => {
  it.each<[string, (x: Float64Array) => Float64Array, (x: tf.Tensor4D) => tf.Tensor]>([
    ['of average pooling with padding', pooled, (x) => tf.avgPool(x, 3, 2, 'same')],
    ['of nearest neighbors', enlarged, (x) => tf.image.resizeNearestNeighbor(x, [3 * H, 2 * W])],
  ])('%s is the numeric one', (_, compute, operation) => {
    const random = new Random(1);
    const x = Float64Array.from({ length: N * H * W }, () => random.between(-1, 1));
    const factors = Float64Array.from(compute(x), () => random.between(-1, 1));
    const value = (at: Float64Array) => compute(at).reduce((sum, own, i) => sum + own * factors[i]!, 0);
    const numeric = Array.from(x, (_, i) => {
      const moved = (by: number) => x.map((own, j) => (j === i ? own + by : own));
      return (value(moved(1e-3)) - value(moved(-1e-3))) / 2e-3;
    });
    const weighted = tf.grad((tensor) =>
      tf.sum(tf.mul(operation(tensor as tf.Tensor4D).flatten(), tf.tensor1d(Float32Array.from(factors)))),
    );
    const gradient = weighted(tf.tensor4d(Float32Array.from(x), [...SHAPE])).dataSync();
    for (const [i, own] of numeric.entries()) expect(gradient[i]!).toBeCloseTo(own, 5);
  });
});

/** PyTorch 2's own numbers, of a loss that is the sum of each result times 1, 2, 3 and so on. */
it.each<[string, number[], number[], (x: tf.Tensor) => tf.Tensor]>([
  ['abs', [-2, 0, 3], [-1, 0, 3], (x) => tf.abs(x)],
  ['relu', [-1, 0, 1], [0, 0, 3], (x) => tf.relu(x)],
  ['relu6', [0, 6, 5, 7], [0, 0, 3, 0], (x) => tf.relu6(x)],
  ['sign', [-1, 0, 1], [0, 0, 0], (x) => tf.sign(x)],
  ['leaky relu', [-1, 0, 1], [0.5, 1, 3], (x) => tf.leakyRelu(x, 0.5)],
  ['a maximum of equal numbers', [2, 1, 2, 2], [1 / 3, 0, 1 / 3, 1 / 3], (x) => tf.max(x)],
  ['a minimum of equal numbers', [2, 1, 1, 2], [0, 0.5, 0.5, 0], (x) => tf.min(x)],
])('the gradient of %s where it has a kink is that of PyTorch', (_, x, expected, operation) => {
  const gradient = tf.grad((tensor) => {
    const result = operation(tensor).flatten();
    return tf.sum(tf.mul(result, tf.range(1, result.size + 1)));
  })(tf.tensor1d(x));
  for (const [i, slope] of gradient.dataSync().entries()) expect(slope).toBeCloseTo(expected[i]!, 6);
});

it('maxima of rows share their gradients within the row', () => {
  const x = tf.tensor2d([
    [1, 1, 0],
    [2, 3, 3],
  ]);
  const gradient = tf.grad((tensor) => tf.sum(tf.mul(tf.max(tensor, 1), tf.tensor1d([4, 6]))))(x);
  expect(Array.from(gradient.dataSync())).toEqual([2, 2, 0, 0, 3, 3]);
});
