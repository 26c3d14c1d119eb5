/** What layers mean beside their forward and backward pass: the same in the eager and in the compiled engine. */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelFunction } from '../../../coordinator/prepare/model/topology/request.js';
import { PORTABLE } from '../../../engine/compiled/lower/target.js';
import type { Engine } from '../../../engine/engine.js';
import { registerLayers } from '../../../shared/models/layers.js';
import {
  compiledEngine,
  eagerEngine,
  gradientOf,
  type Subject,
  subjectOf,
} from '../../support/compiled/subject.js';
import { refusalOf } from '../../support/refusal.js';

const L = tf.layers;
const l2 = (l2: number) => tf.regularizers.l2({ l2 });

const subject = (inputShape: number[], make: (input: tf.SymbolicTensor) => tf.SymbolicTensor) => {
  const model: ModelFunction = () => {
    const input = tf.input({ shape: inputShape });
    return tf.model({ inputs: input, outputs: make(input) });
  };
  return subjectOf({
    model,
    x: { shape: inputShape, dtype: 'float32' },
    label: { kind: 'class', classes: 3 },
  });
};
const through =
  (...layers: tf.layers.Layer[]) =>
  (x: tf.SymbolicTensor) =>
    layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);
const answer = () => L.dense({ units: 3, activation: 'softmax' });

/** Both engines, one after the other, on the same weights. */
async function onEach<T>(own: Subject, ask: (engine: Engine) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const start of [eagerEngine, (from: Subject) => compiledEngine(from, PORTABLE)]) {
    const engine = await start(own);
    results.push(await ask(engine));
    engine.dispose();
  }
  return results;
}

const weightOf = ({ layout, weights }: Subject, end: string): Float32Array => {
  const slot = layout.slots.find(({ name }) => name.endsWith(end));
  if (!slot) throw new Error(`no weight ${end} in ${layout.slots.map(({ name }) => name)}`);
  return weights.subarray(slot.offset, slot.offset + slot.size);
};
const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);

beforeAll(async () => {
  await tf.setBackend('cpu');
  registerLayers(tf);
});
afterAll(() => tf.disposeVariables());

describe('a regularizer counts once a sample', () => {
  const rnn = { units: 2, kernelRegularizer: l2(10), recurrentRegularizer: l2(3), biasRegularizer: l2(5) };
  const cells = () => [L.gruCell({ ...rnn }), L.lstmCell({ ...rnn })];
  const kinds: [string, number[], () => tf.layers.Layer[]][] = [
    ['of a SimpleRNN', [4, 2], () => [L.simpleRNN({ ...rnn })]],
    ['of a GRU', [4, 2], () => [L.gru({ ...rnn })]],
    ['of an LSTM', [4, 2], () => [L.lstm({ ...rnn })]],
    ['of stacked cells', [4, 2], () => [L.rnn({ cell: L.stackedRNNCells({ cells: cells() }) as never })]],
    [
      'of both layers of a Bidirectional',
      [4, 2],
      () => [L.bidirectional({ layer: L.gru({ ...rnn }) as tf.RNN, mergeMode: 'concat' })],
    ],
    [
      'within TimeDistributed',
      [4, 2],
      () => [
        L.timeDistributed({
          layer: L.dense({ units: 2, kernelRegularizer: l2(10), biasRegularizer: l2(5) }),
        }),
        L.flatten(),
      ],
    ],
    [
      'within a model in TimeDistributed',
      [4, 2],
      () => [
        L.timeDistributed({
          layer: tf.sequential({
            layers: [
              L.dense({ inputShape: [2], units: 2, kernelRegularizer: l2(10), biasRegularizer: l2(5) }),
            ],
          }),
        }),
        L.flatten(),
      ],
    ],
    [
      'within a nested model',
      [4],
      () => [
        tf.sequential({
          layers: [L.dense({ inputShape: [4], units: 2, kernelRegularizer: l2(10), biasRegularizer: l2(5) })],
        }),
      ],
    ],
    [
      'of a depthwise convolution',
      [4, 4, 2],
      () => [
        L.depthwiseConv2d({ kernelSize: 2, depthwiseRegularizer: l2(10), biasRegularizer: l2(5) }),
        L.flatten(),
      ],
    ],
    ['of a batch normalization', [4], () => [L.batchNormalization({ gammaRegularizer: l2(7) })]],
  ];
  const factors = { recurrent_kernel: 3, depthwise_kernel: 10, kernel: 10, bias: 5, gamma: 7 };
  /** The gradient's and the loss's share of it, by the weights' names. */
  const penalties = ({ layout, weights }: Subject) => {
    const added = new Float32Array(layout.total);
    let loss = 0;
    for (const { name, offset, size } of layout.slots.filter(({ trainable }) => trainable).slice(0, -2)) {
      const factor = Object.entries(factors).find(([end]) => name.endsWith(`/${end}`))?.[1] ?? 0;
      const own = weights.subarray(offset, offset + size);
      loss += factor * squares(own);
      for (const [i, value] of own.entries()) added[offset + i] = 2 * factor * value;
    }
    return { loss, added };
  };

  it.each(kinds)('%s', async (_, shape, layers) => {
    const penalized = await subject(shape, through(...layers(), answer()));
    for (const i of penalized.weights.keys()) penalized.weights[i]! += 0.1 * Math.sin(i);
    const { loss, added } = penalties(penalized);
    const plain = await subject(shape, through(...layers(), answer()));
    const strip = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(strip)
        : value && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value).map(([name, entry]) => [
                name,
                name.endsWith('_regularizer') ? null : strip(entry),
              ]),
            )
          : value;
    const without: Subject = {
      ...plain,
      weights: penalized.weights,
      description: { ...penalized.description, topology: strip(penalized.description.topology) as never },
    };
    const batch = plain.batch(3);
    const expected = (await onEach(without, (engine) => gradientOf(engine, plain, batch)))[0]!;
    for (const actual of await onEach(penalized, (engine) => gradientOf(engine, penalized, batch))) {
      expect(actual.loss / 3).toBeCloseTo(expected.loss / 3 + loss, 4);
      for (const [i, value] of actual.values.entries())
        if (i < penalized.layout.trainable)
          expect(value / 3).toBeCloseTo(expected.values[i]! / 3 + added[i]!, 3);
    }
  });

  it('of a layer that is used twice', async () => {
    const own = await subject([4], (x) => {
      const twice = L.dense({ units: 4, kernelRegularizer: l2(1000), name: 'twice' });
      return through(twice, twice, answer())(x);
    });
    for (const { loss } of await onEach(own, (engine) => gradientOf(engine, own, own.batch(2))))
      expect(loss / 2 / (1000 * squares(weightOf(own, 'twice/kernel')))).toBeCloseTo(1, 2);
  });
});

describe('a frozen layer', () => {
  const norm = (trainable: boolean) => L.batchNormalization({ momentum: 0.5, trainable, name: 'norm' });
  const inner = (trainable: boolean) =>
    tf.sequential({
      layers: [L.dense({ inputShape: [4], units: 2, trainable, name: 'in' }), norm(trainable)],
    });

  it.each<[string, number[], () => tf.layers.Layer[]]>([
    ['on its own', [4], () => [norm(false)]],
    [
      'in a frozen model',
      [4],
      () => {
        const model = inner(true);
        model.trainable = false;
        return [model];
      },
    ],
    [
      'in a model in a model that is frozen',
      [4],
      () => {
        const outer = tf.sequential({ layers: [inner(true)] });
        outer.trainable = false;
        return [outer];
      },
    ],
    [
      'in a frozen wrapper',
      [4, 2],
      () => [L.timeDistributed({ layer: norm(true), trainable: false }), L.flatten()],
    ],
  ])(
    'of batch normalization, %s, normalizes as in inference and keeps its statistics',
    async (_, shape, layers) => {
      const own = await subject(shape, through(...layers(), answer()));
      const batch = own.batch(5);
      expect(own.layout.slots.slice(0, 2).map(({ name }) => name)).toEqual(
        own.layout.slots.filter(({ trainable }) => trainable).map(({ name }) => name),
      );
      const [eager, compiled] = await onEach(own, async (engine) => ({
        ...(await gradientOf(engine, own, batch)),
        inference: (await engine.evaluate(batch)).loss,
      }));
      for (const { loss, values, inference } of [eager!, compiled!]) {
        expect(loss).toBeCloseTo(inference, 5);
        expect(values.subarray(own.layout.trainable).every((change) => change === 0)).toBe(true);
      }
    },
  );

  it.each<[string, () => tf.layers.Layer]>([
    [
      'Bidirectional',
      () => L.bidirectional({ layer: L.gru({ units: 2 }) as tf.RNN, mergeMode: 'concat', trainable: false }),
    ],
    ['RNN', () => L.rnn({ cell: L.gruCell({ units: 2 }) as never, trainable: false })],
    ['LSTM', () => L.lstm({ units: 2, trainable: false })],
  ])('%s has no trainable weights', async (_, make) => {
    const own = await subject([4, 2], through(make(), answer()));
    expect(own.layout.slots.filter(({ trainable }) => trainable)).toHaveLength(2);
  });

  it('is not all that a model has', async () => {
    const frozen = subject([4], through(L.dense({ units: 3, activation: 'softmax', trainable: false })));
    expect(await refusalOf(frozen)).toBe(
      'the model has no weights that are trained: set trainable to true in some layer',
    );
  });

  it('of dropout still drops', async () => {
    const own = await subject([4], through(L.dropout({ rate: 0.5, trainable: false }), answer()));
    for (const [one, other] of await onEach(own, async (engine) => [
      await gradientOf(engine, own, own.batch(8), 1),
      await gradientOf(engine, own, own.batch(8), 2),
    ]))
      expect(one!.loss).not.toBe(other!.loss);
  });
});

it('dropout within cells is drawn anew for each shard, and lives no longer', async () => {
  const own = await subject(
    [4, 2],
    through(
      L.rnn({
        cell: [
          L.lstmCell({ units: 2, dropout: 0.5 }),
          L.gruCell({ units: 2, recurrentDropout: 0.5 }),
        ] as never,
      }),
      answer(),
    ),
  );
  const [eager, compiled] = await onEach(own, async (engine) => {
    const one = await gradientOf(engine, own, own.batch(8), 1);
    const fewer = await gradientOf(engine, own, own.batch(3), 2);
    const again = await gradientOf(engine, own, own.batch(8), 1);
    expect(again.values).toEqual(one.values);
    return [one.loss, fewer.loss];
  });
  expect(compiled![0]).toBeCloseTo(eager![0]!, 4);
  expect(compiled![1]).toBeCloseTo(eager![1]!, 4);
});

it('a thresholded ReLU trains', async () => {
  const own = await subject([4], through(L.dense({ units: 4 }), L.thresholdedReLU({ theta: 0.1 }), answer()));
  const [eager, compiled] = await onEach(own, (engine) => gradientOf(engine, own, own.batch(8)));
  expect(eager!.values.some((value) => value !== 0)).toBe(true);
  for (const [i, value] of eager!.values.entries()) expect(compiled!.values[i]).toBeCloseTo(value, 4);
});

describe('a constraint', () => {
  const nonNeg = () => tf.constraints.nonNeg();
  const maxNorm = (axis: number) => tf.constraints.maxNorm({ maxValue: 0.3, axis });
  const recurrent = {
    units: 2,
    kernelConstraint: nonNeg(),
    recurrentConstraint: maxNorm(1),
    biasConstraint: nonNeg(),
  };
  const bound = (axis: number) => ({ kind: 'normBetween', min: 0, max: 0.3, rate: 1, axes: [axis] });

  it.each<[string, number[], () => tf.layers.Layer[], Record<string, unknown>]>([
    [
      'of a kernel and a bias',
      [4],
      () => [L.dense({ units: 3, kernelConstraint: nonNeg(), biasConstraint: maxNorm(0) })],
      {
        '/kernel': { kind: 'nonNegative' },
        '/bias': bound(0),
      },
    ],
    [
      'over a negative axis',
      [4],
      () => [L.dense({ units: 3, kernelConstraint: tf.constraints.unitNorm({ axis: -1 }) })],
      {
        '/kernel': { kind: 'unitNorm', axes: [1] },
      },
    ],
    [
      'with a rate',
      [4],
      () => [
        L.dense({
          units: 3,
          kernelConstraint: tf.constraints.minMaxNorm({ minValue: 0.1, maxValue: 0.2, rate: 0.5, axis: 0 }),
        }),
      ],
      {
        '/kernel': { kind: 'normBetween', min: 0.1, max: 0.2, rate: 0.5, axes: [0] },
      },
    ],
    [
      'of a depthwise kernel',
      [4, 4, 2],
      () => [L.depthwiseConv2d({ kernelSize: 2, depthwiseConstraint: nonNeg() }), L.flatten()],
      {
        '/depthwise_kernel': { kind: 'nonNegative' },
      },
    ],
    [
      'of a batch normalization',
      [4],
      () => [L.batchNormalization({ gammaConstraint: nonNeg(), betaConstraint: nonNeg() })],
      {
        '/gamma': { kind: 'nonNegative' },
        '/beta': { kind: 'nonNegative' },
      },
    ],
    [
      'of an embedding',
      [4],
      () => [L.embedding({ inputDim: 9, outputDim: 2, embeddingsConstraint: maxNorm(1) }), L.flatten()],
      {
        '/embeddings': bound(1),
      },
    ],
    [
      'of a cell',
      [4, 2],
      () => [L.rnn({ cell: L.gruCell({ ...recurrent }) as never })],
      {
        '/kernel': { kind: 'nonNegative' },
        '/recurrent_kernel': bound(1),
        '/bias': { kind: 'nonNegative' },
      },
    ],
    [
      'in a wrapper',
      [4, 2],
      () => [L.bidirectional({ layer: L.lstm({ ...recurrent }) as tf.RNN, mergeMode: 'sum' })],
      {
        forward_lstm: undefined,
      },
    ],
  ])(
    '%s is part of the description, and no engine projects by itself',
    async (_, shape, layers, expected) => {
      const own = await subject(shape, through(...layers(), answer()));
      const found = own.layout.slots.filter(({ constraint }) => constraint);
      for (const [end, constraint] of Object.entries(expected)) {
        if (constraint)
          expect(found.find(({ name }) => name.endsWith(end))?.constraint, end).toEqual(constraint);
        else expect(found).toHaveLength(6);
      }
      for (const i of own.weights.keys()) own.weights[i]! -= 0.5;
      const batch = own.batch(4);
      for (const i of batch.x.keys()) batch.x[i] = Math.abs(batch.x[i]!);
      const [eager, compiled] = await onEach(own, async (engine) => ({
        ...(await gradientOf(engine, own, batch)),
        evaluation: (await engine.evaluate(batch)).loss,
      }));
      expect(compiled!.loss).toBeCloseTo(eager!.loss, 4);
      expect(compiled!.evaluation).toBeCloseTo(eager!.evaluation, 4);
      for (const [i, value] of eager!.values.entries()) expect(compiled!.values[i]).toBeCloseTo(value, 4);
    },
  );
});

it('an L1 penalty leaves weights of exactly 0 alone', async () => {
  const l1 = tf.regularizers.l1({ l1: 2 });
  const own = await subject(
    [4],
    through(L.dense({ units: 2, kernelRegularizer: l1, useBias: false }), answer()),
  );
  own.weights.fill(0);
  own.weights[0] = -1;
  const batch = own.batch(3);
  batch.x.fill(0);
  for (const { values } of await onEach(own, (engine) => gradientOf(engine, own, batch)))
    expect(Array.from(values.subarray(0, 8), Math.abs)).toEqual([6, 0, 0, 0, 0, 0, 0, 0]);
});

it('a logit of exactly 0 has the gradient of the sigmoid', async () => {
  const own = await subjectOf({
    model: () => tf.sequential({ layers: [L.dense({ units: 1, activation: 'sigmoid', inputShape: [1] })] }),
    x: { shape: [1], dtype: 'float32' },
    label: { kind: 'class', classes: 2 },
    loss: 'binaryCrossentropy',
  });
  own.weights.fill(0);
  const batch = { count: 2, x: Float32Array.of(1, 3), y: Uint8Array.of(0, 1) };
  for (const { values } of await onEach(own, (engine) => gradientOf(engine, own, batch))) {
    expect(values[0]).toBeCloseTo(0.5 * 1 - 0.5 * 3, 6);
    expect(values[1]).toBeCloseTo(0, 6);
  }
});

it.each<[string, () => tf.RNN]>([
  ['a GRU', () => L.gru({ units: 3 }) as tf.RNN],
  [
    'stacked cells',
    () => L.rnn({ cell: [L.gruCell({ units: 2 }), L.lstmCell({ units: 3 })] as never }) as tf.RNN,
  ],
])('both layers of a Bidirectional begin with weights of their own: of %s', async (_, layer) => {
  const own = await subject(
    [4, 2],
    through(L.bidirectional({ layer: layer(), mergeMode: 'concat' }), answer()),
  );
  const kernels = own.layout.slots.filter(({ name }) => name.endsWith('kernel')).slice(0, -1);
  const values = kernels.map(({ offset, size }) => `${own.weights.subarray(offset, offset + size)}`);
  expect(new Set(values).size).toBe(kernels.length);
  const again = await subject(
    [4, 2],
    through(L.bidirectional({ layer: layer(), mergeMode: 'concat' }), answer()),
  );
  expect(again.weights).toEqual(own.weights);
});
