/** Against numeric differentiation in float64, where TF.js's own gradients are wrong. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../shared/random.js';
import { correctGradients } from '../../worker/engine/corrected-gradients.js';

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
    ['of nearest neighbours', enlarged, (x) => tf.image.resizeNearestNeighbor(x, [3 * H, 2 * W])],
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
