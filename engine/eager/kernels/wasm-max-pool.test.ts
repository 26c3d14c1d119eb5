/** The gradient of max pooling on wasm, which TF.js gets wrong for negative values, held to its `cpu` backend. */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { installWasmKernels } from './wasm-kernels.js';

const wave = (shape: number[], frequency: number, shift: number) =>
  tf.tensor(
    Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      (_, i) => Math.sin(i * frequency) - shift,
    ),
    shape,
  );

/** Made and read on one backend. */
async function gradientOn(
  backend: string,
  size: number,
  strides: number,
  pad: 'valid' | 'same',
  shift: number,
) {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const x = wave([2, 7, 6, 3], 1.7, shift) as tf.Tensor4D;
    const given = wave(tf.maxPool(x, size, strides, pad).shape, 1.3, 0);
    const gradient = tf.grad((x) => tf.sum(tf.mul(tf.maxPool(x as tf.Tensor4D, size, strides, pad), given)))(
      x,
    );
    return Array.from(gradient.dataSync());
  });
}

describe('the gradient of max pooling on wasm', () => {
  beforeAll(async () => {
    tf.enableProdMode();
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    await tf.setBackend('wasm');
    installWasmKernels(tf);
  });

  it.each([
    [2, 2, 'valid'],
    [2, 2, 'same'],
    [3, 2, 'same'],
    [3, 1, 'valid'],
  ] as const)(
    'is that of cpu, whatever the signs: windows of %i, strides of %i, %s',
    async (size, strides, pad) => {
      for (const shift of [0, 2, -2]) {
        const expected = await gradientOn('cpu', size, strides, pad, shift);
        const actual = await gradientOn('wasm', size, strides, pad, shift);
        expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
      }
    },
  );
});
