/** Our initializer of orthogonal kernels, and that nobody draws initial values that are written over at once. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerLayers } from '../layers.js';
import { loadBlank } from '../load.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  registerLayers(tf);
});

/** By way of a layer, as a model file asks for it. */
async function drawn(shape: number[], config: object): Promise<Float32Array> {
  const layer = {
    class_name: 'Embedding',
    config: {
      name: 'drawn',
      batch_input_shape: [null, 1],
      input_dim: shape[0],
      output_dim: shape[1],
      embeddings_initializer: { class_name: 'Orthogonal', config },
    },
  };
  const topology = { class_name: 'Sequential', config: { name: 'm', layers: [layer] } };
  const model = await tf.models.modelFromJSON(topology as never);
  return model.weights[0]!.read().dataSync() as Float32Array;
}

describe('an orthogonal kernel', () => {
  it.each([
    [5, 5],
    [12, 3],
    [3, 12],
    [1, 4],
    [64, 256],
  ])('of [%i, %i] has rows or columns of that gain, at right angles', async (rows, columns) => {
    const values = await drawn([rows, columns], { gain: 1.5, seed: 3 });
    const along = Math.min(rows, columns);
    const at = (vector: number, i: number) =>
      values[rows < columns ? vector * columns + i : i * columns + vector]!;
    for (let a = 0; a < along; a++) {
      for (let b = a; b < along; b++) {
        let product = 0;
        for (let i = 0; i < Math.max(rows, columns); i++) product += at(a, i) * at(b, i);
        expect(product).toBeCloseTo(a === b ? 2.25 : 0, 5);
      }
    }
  });

  it.each([
    [6, 6],
    [9, 4],
    [4, 9],
  ])("of [%i, %i] is the one that TF.js's own initializer makes of the seed", async (rows, columns) => {
    const theirs = tf.initializers.orthogonal({ seed: 11, gain: 1 }).apply([rows, columns]).dataSync();
    const ours = await drawn([rows, columns], { gain: 1, seed: 11 });
    for (const [i, value] of theirs.entries()) expect(ours[i]).toBeCloseTo(value, 5);
  });

  it('follows from its seed', async () => {
    const first = await drawn([4, 4], { seed: 1 });
    expect(await drawn([4, 4], { seed: 1 })).toEqual(first);
    expect(await drawn([4, 4], { seed: 2 })).not.toEqual(first);
    expect(await drawn([4, 4], { seed: null })).not.toEqual(await drawn([4, 4], { seed: null }));
  });

  it('is turned at random: no direction is preferred', async () => {
    let [sum, square] = [0, 0];
    for (let seed = 1; seed <= 500; seed++) {
      const corner = (await drawn([2, 2], { seed }))[0]!;
      sum += corner;
      square += corner * corner;
    }
    // Mean 0 and variance 1/2, within four standard errors.
    expect(Math.abs(sum / 500)).toBeLessThan(4 * Math.sqrt(0.5 / 500));
    expect(Math.abs(square / 500 - 0.5)).toBeLessThan(4 * Math.sqrt(0.125 / 500));
  });
});

it('a model whose weights are set afterwards draws no initial values', async () => {
  let draws = 0;
  class Counted extends (tf.initializers.ones().constructor as new () => ReturnType<
    typeof tf.initializers.ones
  >) {
    static className = 'Counted';
    override apply(shape: tf.Shape) {
      draws++;
      return tf.ones(shape as number[]);
    }
  }
  tf.serialization.registerClass(Counted as never);
  const initializer = { class_name: 'Counted', config: {} };
  const config = {
    name: 'lstm',
    batch_input_shape: [null, 3, 2],
    units: 4,
    kernel_initializer: initializer,
    recurrent_initializer: initializer,
    bias_initializer: initializer,
  };
  const topology = {
    class_name: 'Sequential',
    config: {
      name: 'm',
      layers: [
        {
          class_name: 'Bidirectional',
          config: {
            name: 'both',
            batch_input_shape: [null, 3, 2],
            layer: { class_name: 'LSTM', config },
            merge_mode: 'concat',
          },
        },
      ],
    },
  };
  const model = await tf.models.modelFromJSON(topology as never);
  expect(draws).toBe(6);
  const blank = await loadBlank(tf, topology);
  expect(draws).toBe(6);
  expect(blank.weights.map(({ shape }) => shape)).toEqual(model.weights.map(({ shape }) => shape));
});
