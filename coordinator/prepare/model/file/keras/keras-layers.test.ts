/** Layers that Keras has and TF.js lacks, against plain loops in float64. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { registerLayers } from '../../../../../shared/models/layers.js';
import { Random } from '../../../../../shared/numerics/random.js';
import { fromKeras } from './keras.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  registerLayers(tf);
});

interface Reference {
  /** Of one record. */
  shape: number[];
  layer: { class_name: string; config: object };
  /** Weights by their names in the layer, and what comes of one record. */
  compute(x: number[], weights: Record<string, number[]>): number[];
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

const cases: Reference[] = [
  {
    shape: [5, 2],
    layer: {
      class_name: 'Conv1D',
      config: { filters: 3, kernel_size: [3], strides: [1], padding: 'causal', activation: 'linear' },
    },
    compute: (x, { kernel, bias }) =>
      range(5).flatMap((t) =>
        range(3).map((filter) => {
          const taps = range(3).filter((k) => t + k - 2 >= 0);
          const products = taps.flatMap((k) =>
            range(2).map((c) => x[(t + k - 2) * 2 + c]! * kernel![(k * 2 + c) * 3 + filter]!),
          );
          return sum(products) + bias![filter]!;
        }),
      ),
  },
  {
    shape: [3, 2],
    layer: {
      class_name: 'GRU',
      config: { units: 2, reset_after: true, recurrent_activation: 'sigmoid', return_sequences: true },
    },
    compute: (x, weights) => gru(x, weights),
  },
  {
    shape: [3, 2],
    layer: {
      class_name: 'RNN',
      config: {
        return_sequences: true,
        cell: {
          class_name: 'GRUCell',
          config: { name: 'cell', units: 2, reset_after: true, recurrent_activation: 'sigmoid' },
        },
      },
    },
    compute: (x, weights) => gru(x, weights),
  },
  {
    shape: [4, 6],
    layer: { class_name: 'GroupNormalization', config: { groups: 3, axis: -1, epsilon: 0.125 } },
    compute: (x, { gamma, beta }) =>
      x.map((value, i) => {
        const group = Math.floor((i % 6) / 2);
        const own = x.filter((_, j) => Math.floor((j % 6) / 2) === group);
        const mean = sum(own) / own.length;
        const variance = sum(own.map((one) => (one - mean) ** 2)) / own.length;
        return ((value - mean) / Math.sqrt(variance + 0.125)) * gamma![i % 6]! + beta![i % 6]!;
      }),
  },
  {
    shape: [2, 2],
    layer: {
      class_name: 'GroupNormalization',
      config: { groups: -1, axis: -1, center: false, scale: false, epsilon: 0.125 },
    },
    compute: (x) =>
      x.map((value, i) => {
        const other = x[(i + 2) % 4]!;
        return (value - other) / 2 / Math.sqrt(((value - other) / 2) ** 2 + 0.125);
      }),
  },
  {
    shape: [2, 3],
    layer: { class_name: 'Normalization', config: { axis: [-1], mean: null, variance: null } },
    compute: (x, { mean, variance }) =>
      x.map((value, i) => (value - mean![i % 3]!) / Math.sqrt(variance![i % 3]!)),
  },
  {
    shape: [3],
    layer: { class_name: 'Normalization', config: { axis: -1, mean: [1, 2, 3], variance: [4, 0, 1] } },
    compute: ([a, b, c]) => [(a! - 1) / 2, (b! - 2) / 1e-7, c! - 3],
  },
  {
    shape: [3],
    layer: { class_name: 'Normalization', config: { axis: null, mean: 2, variance: 4, invert: true } },
    compute: (x) => x.map((value) => value * 2 + 2),
  },
  {
    shape: [3],
    layer: { class_name: 'Activation', config: { activation: 'exponential' } },
    compute: (x) => x.map(Math.exp),
  },
  {
    shape: [3],
    layer: { class_name: 'ReLU', config: { negative_slope: 0.25, max_value: null, threshold: 0 } },
    compute: (x) => x.map((value) => (value < 0 ? value / 4 : value)),
  },
  {
    shape: [2, 2, 1],
    layer: { class_name: 'RandomFlip', config: { mode: 'horizontal_and_vertical', seed: 5 } },
    compute: (x) => x,
  },
];

/** Two units over three steps of two numbers, by the formulas of the layer's file. */
function gru(x: number[], { kernel, recurrent_kernel, bias }: Record<string, number[]>): number[] {
  const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
  let h = [0, 0];
  return range(3).flatMap((t) => {
    const own = (gate: number) =>
      bias![gate]! + sum(range(2).map((i) => x[t * 2 + i]! * kernel![i * 6 + gate]!));
    const recurrent = (gate: number) =>
      bias![6 + gate]! + sum(range(2).map((i) => h[i]! * recurrent_kernel![i * 6 + gate]!));
    h = range(2).map((unit) => {
      const update = sigmoid(own(unit) + recurrent(unit));
      const reset = sigmoid(own(2 + unit) + recurrent(2 + unit));
      const candidate = Math.tanh(own(4 + unit) + reset * recurrent(4 + unit));
      return update * h[unit]! + (1 - update) * candidate;
    });
    return h;
  });
}

it.each(cases.map((one) => [one.layer.class_name, JSON.stringify(one.layer.config), one] as const))(
  '%s %s computes what its definition says',
  async (_name, _options, { shape, layer, compute }) => {
    const config = { name: 'own', batch_input_shape: [null, ...shape], ...layer.config };
    const topology = { class_name: 'Sequential', config: { name: 'm', layers: [{ ...layer, config }] } };
    const model = await tf.models.modelFromJSON(fromKeras(topology, 2) as never);
    const random = new Random(1);
    const drawn = (size: number, from = -1) => range(size).map(() => Math.fround(random.between(from, 1)));
    const weights: Record<string, number[]> = {};
    for (const weight of model.weights) {
      const size = weight.shape.reduce<number>((product, length) => product * length!, 1);
      const name = weight.originalName.split('/').at(-1)!;
      // A variance is positive.
      weights[name] = drawn(size, name.includes('variance') ? 0.5 : -1);
      weight.write(tf.tensor(weights[name], weight.shape as number[]));
    }
    const size = shape.reduce((product, length) => product * length, 1);
    const records = [drawn(size), drawn(size)];
    const output = model.predict(tf.tensor(records.flat(), [2, ...shape])) as tf.Tensor;
    expect(output.shape.slice(1)).toEqual(model.outputs[0]!.shape.slice(1));
    const found = [...output.dataSync()];
    const expected = records.flatMap((record) => compute(record, weights));
    expect(found).toHaveLength(expected.length);
    for (const [i, value] of expected.entries())
      expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  },
);

it('Subtract takes its second input from its first', async () => {
  const [a, b] = [1, 2].map(() => tf.input({ shape: [3] }));
  const { Subtract } = registerLayers(tf);
  const model = tf.model({
    inputs: [a!, b!],
    outputs: new Subtract({}).apply([a!, b!]) as tf.SymbolicTensor,
  });
  const output = model.predict([tf.tensor2d([[5, 1, 2]]), tf.tensor2d([[1, 3, 2]])]) as tf.Tensor;
  expect([...output.dataSync()]).toEqual([4, -2, 0]);
});

it('RandomFlip turns whole images over while training, half of them each way', async () => {
  const { RandomFlip } = registerLayers(tf);
  const flipped = (mode: 'horizontal' | 'vertical') => {
    const layer = new RandomFlip({ mode });
    const images = tf.tile(tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), [400, 1, 1, 1]);
    const output = (layer.apply(images, { training: true }) as tf.Tensor).dataSync();
    return range(400).map((i) => [...output.subarray(i * 4, i * 4 + 4)].join());
  };
  for (const [mode, turned] of [
    ['horizontal', '2,1,4,3'],
    ['vertical', '3,4,1,2'],
  ] as const) {
    const found = flipped(mode);
    expect(new Set(found)).toEqual(new Set(['1,2,3,4', turned]));
    // Within five standard deviations of half.
    expect(Math.abs(found.filter((one) => one === turned).length - 200)).toBeLessThan(50);
  }
});
