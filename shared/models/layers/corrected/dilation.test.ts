/** Dilated convolutions against plain loops: forward passes, and gradients by numeric differentiation. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerLayers } from '../../layers.js';

const L = tf.layers;
const RATE = 2;
const [H, W, C] = [6, 5, 2];

beforeAll(async () => {
  await tf.setBackend('cpu');
  registerLayers(tf);
});

/** Of one image, stride 1, no padding: taps stand RATE apart. */
function convolved(
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  filters: number,
  depthwise: boolean,
): number[] {
  const results: number[] = [];
  const [taps, inputs] = [2, C];
  for (let i = 0; i < H - RATE; i++) {
    for (let j = 0; j < W - RATE; j++) {
      for (let out = 0; out < filters; out++) {
        let sum = 0;
        for (let a = 0; a < taps; a++) {
          for (let b = 0; b < taps; b++) {
            for (let c = 0; c < inputs; c++) {
              if (depthwise && c !== out) continue;
              const place = depthwise
                ? (a * taps + b) * inputs + c
                : ((a * taps + b) * inputs + c) * filters + out;
              sum += x[((i + a * RATE) * W + j + b * RATE) * C + c]! * kernel[place]!;
            }
          }
        }
        results.push(sum);
      }
    }
  }
  return results;
}

describe('a dilated convolution', () => {
  const x = Float64Array.from({ length: H * W * C }, (_, i) => Math.sin(3 * i));
  it.each<[string, () => tf.layers.Layer, number, boolean]>([
    [
      'Conv2D',
      () =>
        L.conv2d({ filters: 3, kernelSize: 2, dilationRate: RATE, useBias: false, inputShape: [H, W, C] }),
      3,
      false,
    ],
    [
      'DepthwiseConv2D',
      () => L.depthwiseConv2d({ kernelSize: 2, dilationRate: RATE, useBias: false, inputShape: [H, W, C] }),
      C,
      true,
    ],
  ])('of %s has the numbers and the gradient of its definition', (_, make, filters, depthwise) => {
    const model = tf.sequential({ layers: [make()] });
    expect(model.outputs[0]!.shape).toEqual([null, H - RATE, W - RATE, filters]);
    const variable = model.trainableWeights[0]!.read() as tf.Variable;
    const kernel = variable.dataSync();
    const input = tf.tensor4d(Float32Array.from(x), [1, H, W, C]);
    const expected = convolved(x, kernel, filters, depthwise);
    const factors = expected.map((_, i) => Math.cos(i));
    const weigh = (values: number[]) => values.reduce((sum, value, i) => sum + value * factors[i]!, 0);
    for (const [i, value] of (model.predict(input) as tf.Tensor).dataSync().entries())
      expect(value).toBeCloseTo(expected[i]!, 5);
    const { grads } = tf.variableGrads(
      () =>
        tf.sum(
          tf.mul((model.apply(input, { training: true }) as tf.Tensor).flatten(), tf.tensor1d(factors)),
        ) as tf.Scalar,
      [variable],
    );
    for (const [i, slope] of Object.values(grads)[0]!.dataSync().entries()) {
      // Linear in the kernel: any distance will do.
      const moved = Float64Array.from(kernel, (value, j) => (j === i ? value + 1 : value));
      expect(slope).toBeCloseTo(weigh(convolved(x, moved, filters, depthwise)) - weigh(expected), 4);
    }
  });
});
