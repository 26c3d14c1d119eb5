/** Our layers: gradients against numeric differentiation, and the way through a topology and back. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../numerics/random.js';
import { registerLayers } from '../../layers.js';
import { normal } from '../layer.js';

const registered = registerLayers(tf);
const { TokenEmbedding, LearnedPositions, LayerNorm, Gelu, CausalSelfAttention, LstmSequence } = registered;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const [SAMPLES, LENGTH, WIDTH, VOCABULARY] = [2, 5, 6, 4];
const initializer = normal(0.5);
const random = new Random(3);
const values = (size: number) => Float32Array.from({ length: size }, () => random.between(-1, 1));
const sequences = () => tf.tensor3d(values(SAMPLES * LENGTH * WIDTH), [SAMPLES, LENGTH, WIDTH]);
const tokens = () =>
  tf.tensor2d(
    Array.from({ length: SAMPLES * LENGTH }, () => random.below(VOCABULARY)),
    [SAMPLES, LENGTH],
  );

const layers: { name: string; make(): tf.layers.Layer; input: () => tf.Tensor }[] = [
  {
    name: 'TokenEmbedding',
    make: () =>
      new TokenEmbedding({ vocabulary: VOCABULARY, width: WIDTH, embeddingsInitializer: initializer }),
    input: tokens,
  },
  {
    name: 'LearnedPositions',
    make: () => new LearnedPositions({ positionsInitializer: initializer }),
    input: sequences,
  },
  { name: 'LayerNorm', make: () => new LayerNorm({}), input: sequences },
  { name: 'Gelu', make: () => new Gelu({}), input: sequences },
  {
    name: 'CausalSelfAttention',
    make: () =>
      new CausalSelfAttention({ heads: 2, qkvInitializer: initializer, outputInitializer: initializer }),
    input: sequences,
  },
  {
    name: 'LstmSequence',
    make: () =>
      new LstmSequence({ units: 3, kernelInitializer: initializer, recurrentInitializer: initializer }),
    input: sequences,
  },
  {
    name: 'CausalConv1D',
    make: () => new registered.CausalConv1D({ filters: 4, kernelSize: 3, strides: 2, activation: 'tanh' }),
    input: sequences,
  },
  {
    name: 'ResetAfterGRU',
    make: () => new registered.ResetAfterGRU({ units: 3, returnSequences: true, implementation: 2 }),
    input: sequences,
  },
  {
    name: 'GroupNormalization',
    make: () => new registered.GroupNormalization({ groups: 3 }),
    input: sequences,
  },
  { name: 'Normalization', make: () => new registered.Normalization({ axis: -1 }), input: sequences },
];

/** A model of the layer alone, its weights at random. */
function modelOf(layer: tf.layers.Layer, x: tf.Tensor): tf.LayersModel {
  const input = tf.input({ shape: x.shape.slice(1) });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  for (const weight of model.weights) {
    const shape = weight.shape as number[];
    const drawn = tf.tensor(values(tf.util.sizeFromShape(shape)), shape);
    weight.write(weight.originalName.endsWith('variance') ? tf.add(tf.square(drawn), 0.5) : drawn);
  }
  return model;
}

describe.each(layers)('$name', ({ make, input }) => {
  const x = input();
  const model = modelOf(make(), x);
  const output = model.apply(x) as tf.Tensor;
  /** The loss weighs each output in its own way, so that no error can cancel another. */
  const weighting = tf.tensor(values(output.size), output.shape);
  const loss = (given: tf.Tensor) =>
    tf.sum(tf.mul(model.apply(given, { training: true }) as tf.Tensor, weighting));

  it('has the shape that it promises', () => {
    expect(output.shape.slice(1)).toEqual(model.outputs[0]!.shape.slice(1));
  });

  it('has the gradients of numeric differentiation, for weights and input', () => {
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    for (const variable of variables) {
      const { grads } = tf.variableGrads(() => loss(x).asScalar(), [variable]);
      const at = Float32Array.from(variable.dataSync());
      compare(grads[variable.name]!, at, (moved) => {
        variable.assign(tf.tensor(moved, variable.shape));
        return loss(x).dataSync()[0]!;
      });
      variable.assign(tf.tensor(at, variable.shape));
    }
    if (make().getClassName() === 'TokenEmbedding') return;
    const gradient = tf.grad((given) => loss(given))(x);
    compare(
      gradient,
      x.dataSync() as Float32Array,
      (moved) => loss(tf.tensor(moved, x.shape)).dataSync()[0]!,
    );
  });

  it('comes back from a topology as it was, and registers under its class name', async () => {
    const copy = await tf.models.modelFromJSON(
      JSON.parse(JSON.stringify(model.toJSON(null, false))) as never,
    );
    expect(copy.weights.map(({ originalName }) => originalName)).toEqual(
      model.weights.map(({ originalName }) => originalName),
    );
    expect(copy.layers[1]!.getConfig()).toEqual(model.layers[1]!.getConfig());
    copy.setWeights(model.getWeights());
    expect((copy.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  });
});

/** Central differences with a step that balances truncation against float32's rounding. */
function compare(gradient: tf.Tensor, at: Float32Array, lossAt: (moved: Float32Array) => number): void {
  const h = 2 ** -6;
  const exact = gradient.dataSync();
  const largest = Math.max(...exact.map(Math.abs));
  for (const [i, value] of exact.entries()) {
    const moved = (by: number) => lossAt(at.map((w, j) => (i === j ? w + by : w)));
    const numeric = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
    expect(Math.abs(numeric - value)).toBeLessThan(1e-3 * Math.max(largest, 1));
  }
}

describe('attention', () => {
  it('of a position does not change with what comes after it', () => {
    const x = sequences();
    const model = modelOf(layers.find(({ name }) => name === 'CausalSelfAttention')!.make(), x);
    const before = (model.predict(x) as tf.Tensor3D).slice([0, 0, 0], [SAMPLES, 3, WIDTH]).dataSync();
    const changed = tf.concat(
      [x.slice([0, 0, 0], [SAMPLES, 3, WIDTH]), tf.ones([SAMPLES, LENGTH - 3, WIDTH])],
      1,
    );
    const after = (model.predict(changed) as tf.Tensor3D).slice([0, 0, 0], [SAMPLES, 3, WIDTH]).dataSync();
    expect(after).toEqual(before);
  });

  it('with heads that do not divide the width is refused', () => {
    const layer = new CausalSelfAttention({
      heads: 4,
      qkvInitializer: initializer,
      outputInitializer: initializer,
    });
    expect(() => layer.apply(tf.input({ shape: [LENGTH, WIDTH] }))).toThrow(
      '4 heads do not divide a width of 6',
    );
  });
});

describe('LayerNorm', () => {
  it('honors a given epsilon, and says nothing of it in a configuration where none was given', () => {
    const x = tf.tensor2d([0.001, -0.001], [1, 2]);
    const result = (options: { epsilon?: number }) =>
      (new LayerNorm(options).apply(x) as tf.Tensor).dataSync()[0]!;
    expect(result({})).toBeCloseTo(0.001 / Math.sqrt(1e-6 + 1e-5), 5);
    expect(result({ epsilon: 1e-6 })).toBeCloseTo(0.001 / Math.sqrt(2e-6), 5);
    expect(Object.keys(new LayerNorm({}).getConfig())).not.toContain('epsilon');
    expect(new LayerNorm({ epsilon: 1e-6 }).getConfig().epsilon).toBe(1e-6);
  });
});

it('LstmSequence computes what the LSTM of TF.js does, with the same weights', () => {
  const x = sequences();
  const own = modelOf(layers.find(({ name }) => name === 'LstmSequence')!.make(), x);
  const input = tf.input({ shape: [LENGTH, WIDTH] });
  const reference = tf.layers.lstm({ units: 3, returnSequences: true, recurrentActivation: 'sigmoid' });
  const model = tf.model({ inputs: input, outputs: reference.apply(input) as tf.SymbolicTensor });
  model.setWeights(own.getWeights());
  const [ours, theirs] = [own, model].map((model) => (model.predict(x) as tf.Tensor).dataSync());
  for (const [i, value] of ours!.entries()) expect(value).toBeCloseTo(theirs![i]!, 6);
});

it('registering twice gives the same classes', () => {
  expect(registerLayers(tf).LayerNorm).toBe(LayerNorm);
});
