/**
 * Every layer of TF.js that trains, in random shapes. Activations are smooth: an input of a ReLU so near to 0
 * that rounding decides its sign would make engines differ though nobody is wrong.
 */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { registerLayers } from '../../../shared/models/layers.js';

type Symbolic = tf.SymbolicTensor;

/** One model to try: the layer within it, on inputs of this shape. */
export interface LayerCase {
  inputShape: number[];
  dtype?: 'int32';
  apply(x: Symbolic): Symbolic;
}

export interface LayerKind {
  name: string;
  /** For the table: what of the layer was tried. */
  tried?: string;
  cases: fc.Arbitrary<LayerCase>;
}

const L = tf.layers;
const own = registerLayers(tf);
const ACTIVATIONS = ['tanh', 'sigmoid', 'elu', 'selu', 'softplus', 'swish'] as const;

const whole = (min: number, max: number) => fc.integer({ min, max });
/** Channels below, at and above the blocks of 8 and 16 that processors have. */
const channels = fc.constantFrom(1, 3, 8, 16, 32);
const activation = fc.constantFrom(...ACTIVATIONS);
const padding = fc.constantFrom('same' as const, 'valid' as const);
const image = fc.tuple(whole(5, 9), whole(5, 9), channels);
const sequence = fc.tuple(whole(3, 7), whole(2, 6));
const vector = fc.tuple(whole(2, 9));
const anything = fc.oneof(image, vector);
const pair = (min: number, max: number) => fc.tuple(whole(min, max), whole(min, max));

const through =
  (...layers: (() => tf.layers.Layer)[]) =>
  (x: Symbolic): Symbolic =>
    layers.reduce((value, layer) => layer().apply(value) as Symbolic, x);

/** A trained layer before the one to try, so that its input's gradient counts too. */
const trained = (rank: number, units: number): tf.layers.Layer =>
  rank === 3 ? L.conv2d({ filters: units, kernelSize: 1 }) : L.dense({ units });

function kind<T>(
  name: string,
  options: fc.Arbitrary<T>,
  make: (options: T) => LayerCase,
  tried?: string,
): LayerKind {
  return { name, cases: options.map(make), ...(tried ? { tried } : {}) };
}

/** A layer without choices, after a trained one. */
function after(
  name: string,
  shape: fc.Arbitrary<number[]>,
  make: () => tf.layers.Layer,
  tried?: string,
): LayerKind {
  return kind(
    name,
    fc.tuple(shape, fc.constantFrom(2, 4, 9, 16, 17, 32)),
    ([inputShape, units]) => ({
      inputShape,
      apply: through(() => trained(inputShape.length, units), make),
    }),
    tried,
  );
}

const convolutions: LayerKind[] = [
  kind(
    'Conv2D',
    fc.record({ image, filters: channels, kernelSize: pair(1, 3), strides: pair(1, 2), padding, activation }),
    ({ image: inputShape, ...own }) => ({
      inputShape,
      apply: through(
        () => L.conv2d({ filters: 16, kernelSize: 1 }),
        () => L.conv2d(own),
      ),
    }),
    'strides, paddings, kernels 1 to 3',
  ),
  kind(
    'Conv2D, channels first',
    fc.record({ image, filters: channels, kernelSize: pair(1, 3) }),
    ({ image: [height, width, depth], ...own }) => ({
      inputShape: [depth, height, width],
      apply: through(() => L.conv2d({ ...own, dataFormat: 'channelsFirst', activation: 'tanh' })),
    }),
  ),
  kind(
    'Conv1D',
    fc.record({
      sequence,
      filters: channels,
      kernelSize: whole(1, 3),
      strides: whole(1, 2),
      padding,
      activation,
    }),
    ({ sequence: inputShape, ...own }) => ({
      inputShape,
      apply: through(
        () => L.dense({ units: 3 }),
        () => L.conv1d(own),
      ),
    }),
  ),
  kind(
    'SeparableConv2D',
    fc.record({ image, filters: channels, kernelSize: pair(1, 3), depthMultiplier: whole(1, 2), padding }),
    ({ image: inputShape, ...own }) => ({ inputShape, apply: through(() => L.separableConv2d(own)) }),
  ),
  kind(
    'DepthwiseConv2D',
    fc.record({ image, kernelSize: pair(1, 3), depthMultiplier: whole(1, 2), padding, strides: whole(1, 2) }),
    ({ image: inputShape, strides, ...own }) => ({
      inputShape,
      apply: through(
        () => trained(3, 4),
        () => L.depthwiseConv2d({ ...own, strides: [strides, strides] }),
      ),
    }),
  ),
  kind(
    'Conv2D, dilated',
    fc.record({
      image,
      filters: channels,
      kernelSize: pair(1, 2),
      dilationRate: pair(1, 3),
      padding,
      activation,
    }),
    ({ image: inputShape, ...own }) => ({
      inputShape,
      apply: through(
        () => trained(3, 16),
        () => L.conv2d(own),
      ),
    }),
    'rates 1 to 3',
  ),
  kind(
    'Conv1D, dilated',
    fc.record({
      sequence: fc.tuple(whole(5, 9), whole(2, 6)),
      filters: channels,
      kernelSize: whole(1, 3),
      padding,
    }),
    ({ sequence: inputShape, ...own }) => ({
      inputShape,
      apply: through(
        () => L.dense({ units: 3 }),
        () => L.conv1d({ ...own, dilationRate: 2 }),
      ),
    }),
  ),
  kind(
    'DepthwiseConv2D and SeparableConv2D, dilated',
    fc.record({
      image,
      kernelSize: pair(1, 2),
      depthMultiplier: whole(1, 2),
      dilationRate: pair(1, 2),
      padding,
    }),
    ({ image: inputShape, ...own }) => ({
      inputShape,
      apply: through(
        () => trained(3, 4),
        () => L.depthwiseConv2d({ ...own, padding: 'same' }),
        () => L.separableConv2d({ ...own, filters: 3 }),
      ),
    }),
  ),
  kind(
    'Conv2DTranspose',
    fc.record({
      image,
      filters: channels,
      kernelSize: pair(1, 3),
      strides: whole(1, 2),
      padding,
      activation,
    }),
    ({ image: inputShape, strides, ...own }) => ({
      inputShape,
      apply: through(() => L.conv2dTranspose({ ...own, strides: [strides, strides] })),
    }),
  ),
];

const poolOptions = fc.record({ poolSize: pair(1, 3), strides: pair(1, 3), padding });
const pools: LayerKind[] = (['maxPooling2d', 'averagePooling2d'] as const).map((name) =>
  kind(
    name === 'maxPooling2d' ? 'MaxPooling2D' : 'AveragePooling2D',
    fc.record({ image, filters: channels, own: poolOptions }),
    ({ image: inputShape, filters, own }) => ({
      inputShape,
      apply: through(
        () => trained(3, filters),
        () => L[name](own),
      ),
    }),
    'windows, strides, paddings',
  ),
);

/** Windows that leave pixels out: those are not computed. */
const remainders: LayerKind[] = [
  kind(
    'Conv2D and MaxPooling2D in turn',
    fc.record({
      image: fc.tuple(whole(10, 17), whole(10, 17), channels),
      filters: fc.tuple(channels, channels),
      kernelSize: pair(1, 3),
      activation,
    }),
    ({ image: inputShape, filters, ...own }) => ({
      inputShape,
      apply: through(
        () => L.conv2d({ ...own, filters: filters[0] }),
        () => L.maxPooling2d({ poolSize: 2 }),
        () => L.conv2d({ ...own, filters: filters[1] }),
        () => L.maxPooling2d({ poolSize: 2 }),
      ),
    }),
    'sizes that windows leave pixels of',
  ),
];

const layers: LayerKind[] = [
  kind(
    'Dense',
    fc.record({ shape: fc.oneof(vector, sequence), units: whole(1, 20), activation, useBias: fc.boolean() }),
    ({ shape: inputShape, ...own }) => ({
      inputShape,
      apply: through(
        () => L.dense({ units: 4 }),
        () => L.dense(own),
      ),
    }),
  ),
  ...convolutions,
  ...pools,
  ...remainders,
  after('MaxPooling1D', sequence, () => L.maxPooling1d({ poolSize: 2 })),
  after('AveragePooling1D', sequence, () => L.averagePooling1d({ poolSize: 2 })),
  after('GlobalMaxPooling1D', sequence, () => L.globalMaxPooling1d({})),
  after('GlobalAveragePooling1D', sequence, () => L.globalAveragePooling1d({})),
  after('GlobalMaxPooling2D', image, () => L.globalMaxPooling2d({})),
  after('GlobalAveragePooling2D', image, () => L.globalAveragePooling2d({})),
  after('BatchNormalization', fc.oneof(image, vector), () => L.batchNormalization(), 'images and vectors'),
  // Of two or three numbers the normal form is all but constant, and its gradient rounding noise.
  kind('LayerNormalization', fc.tuple(fc.oneof(sequence, vector), whole(5, 20)), ([inputShape, units]) => ({
    inputShape,
    apply: through(
      () => L.dense({ units }),
      () => L.layerNormalization(),
    ),
  })),
  after('Dropout', vector, () => L.dropout({ rate: 0.3 }), 'the same numbers as the eager engine'),
  after('SpatialDropout1D', sequence, () => L.spatialDropout1d({ rate: 0.3 } as never)),
  after('GaussianNoise', vector, () => L.gaussianNoise({ stddev: 0.3 })),
  after('GaussianDropout', vector, () => L.gaussianDropout({ rate: 0.3 })),
  after('AlphaDropout', vector, () => L.alphaDropout({ rate: 0.3 })),
  kind('Embedding', fc.tuple(whole(2, 7), whole(1, 6)), ([length, outputDim]) => ({
    inputShape: [length],
    dtype: 'int32',
    apply: through(() => L.embedding({ inputDim: 8, outputDim })),
  })),
  kind('Embedding with a mask, LSTM', whole(2, 7), (length) => ({
    inputShape: [length],
    dtype: 'int32',
    apply: through(
      () => L.embedding({ inputDim: 8, outputDim: 3, maskZero: true }),
      () => L.lstm({ units: 3 }),
    ),
  })),
  ...(['simpleRNN', 'gru', 'lstm'] as const).map((name) =>
    kind(
      { simpleRNN: 'SimpleRNN', gru: 'GRU', lstm: 'LSTM' }[name],
      fc.record({ sequence, units: whole(1, 6), returnSequences: fc.boolean() }),
      ({ sequence: inputShape, ...own }) => ({ inputShape, apply: through(() => L[name](own)) }),
      'unrolled',
    ),
  ),
  after('LSTM with dropout', sequence, () => L.lstm({ units: 4, dropout: 0.2, recurrentDropout: 0.2 })),
  after('Bidirectional', sequence, () =>
    L.bidirectional({ layer: L.lstm({ units: 3 }) as tf.RNN, mergeMode: 'concat' }),
  ),
  after('TimeDistributed', sequence, () => L.timeDistributed({ layer: L.dense({ units: 3 }) })),
  after('ConvLSTM2D', fc.constant([2, 5, 5, 2]), () =>
    L.convLstm2d({ filters: 3, kernelSize: 2, dilationRate: 2 }),
  ),
  kind(
    'GRU, reset after',
    fc.record({ sequence, units: whole(1, 6) }),
    ({ sequence: inputShape, units }) => ({
      inputShape,
      apply: through(() => new own.ResetAfterGRU({ units })),
    }),
  ),
  kind(
    'Conv1D, causal',
    fc.record({ sequence, filters: channels, kernelSize: whole(1, 3), strides: whole(1, 2), activation }),
    ({ sequence: inputShape, ...options }) => ({
      inputShape,
      apply: through(
        () => L.dense({ units: 3 }),
        () => new own.CausalConv1D(options),
      ),
    }),
  ),
  after('BatchNormalization without scale and center', fc.oneof(image, vector), () =>
    L.batchNormalization({ scale: false, center: false }),
  ),
  kind('GroupNormalization', fc.tuple(image, whole(1, 3)), ([inputShape, groups]) => ({
    inputShape,
    apply: through(
      () => trained(3, 4 * groups),
      () => new own.GroupNormalization({ groups }),
    ),
  })),
  after('Normalization', vector, () => new own.Normalization({ axis: -1 })),
  after('RandomFlip', image, () => new own.RandomFlip({}), 'the same images as the eager engine'),
  kind('Subtract', vector, (inputShape) => ({
    inputShape,
    apply: (x) =>
      new own.Subtract({}).apply([1, 2].map(() => L.dense({ units: 4 }).apply(x) as Symbolic)) as Symbolic,
  })),
  after('Flatten', image, () => L.flatten()),
  kind('Reshape', whole(1, 5), (half) => ({
    inputShape: [3],
    apply: through(
      () => L.dense({ units: 2 * half }),
      () => L.reshape({ targetShape: [half, 2] }),
      () => L.dense({ units: 3 }),
    ),
  })),
  after('Permute', sequence, () => L.permute({ dims: [2, 1] })),
  after('RepeatVector', vector, () => L.repeatVector({ n: 3 })),
  kind('ZeroPadding2D', fc.tuple(image, pair(0, 2), pair(0, 2)), ([inputShape, rows, columns]) => ({
    inputShape,
    apply: through(
      () => trained(3, 16),
      () => L.zeroPadding2d({ padding: [rows, columns] }),
    ),
  })),
  kind('Cropping2D', fc.tuple(image, pair(0, 2), pair(0, 2)), ([inputShape, rows, columns]) => ({
    inputShape,
    apply: through(
      () => trained(3, 16),
      () => L.cropping2D({ cropping: [rows, columns] }),
    ),
  })),
  kind('UpSampling2D', fc.tuple(image, pair(1, 3)), ([inputShape, size]) => ({
    inputShape,
    apply: through(
      () => trained(3, 16),
      () => L.upSampling2d({ size }),
    ),
  })),
  after(
    'UpSampling2D, bilinear',
    fc.constant([6, 6, 3]),
    () => L.upSampling2d({ interpolation: 'bilinear' }),
    'square images',
  ),
  ...(['add', 'multiply', 'average', 'maximum', 'minimum', 'concatenate'] as const).map((name) =>
    kind(name[0]!.toUpperCase() + name.slice(1), fc.oneof(image, vector), (inputShape) => ({
      inputShape,
      apply: (x: Symbolic) => {
        const sides = [1, 2].map(() => trained(inputShape.length, 16).apply(x) as Symbolic);
        return (L[name] as () => tf.layers.Layer)().apply(sides) as Symbolic;
      },
    })),
  ),
  kind('Dot', vector, (inputShape) => ({
    inputShape,
    apply: (x) =>
      L.dot({ axes: -1 }).apply([1, 2].map(() => L.dense({ units: 4 }).apply(x) as Symbolic)) as Symbolic,
  })),
  ...(
    [
      'relu',
      'relu6',
      'hardSigmoid',
      'softsign',
      'softmax',
      'mish',
      'gelu',
      'exponential',
      ...ACTIVATIONS,
    ] as const
  ).map((name) => after(`Activation ${name}`, anything, () => L.activation({ activation: name as 'relu' }))),
  after('ReLU', anything, () => L.reLU()),
  after('ReLU with a maximum', anything, () => L.reLU({ maxValue: 0.5 })),
  after('LeakyReLU', anything, () => L.leakyReLU()),
  after('PReLU', anything, () => L.prelu()),
  after('ELU', anything, () => L.elu()),
  after('ThresholdedReLU', anything, () => L.thresholdedReLU({ theta: 0.1 })),
  after('Softmax', vector, () => L.softmax()),
  after('L1 and L2 regularizers', vector, () => {
    const regularizer = () => tf.regularizers.l1l2({ l1: 0.01, l2: 0.02 });
    return L.dense({ units: 3, kernelRegularizer: regularizer(), biasRegularizer: regularizer() });
  }),
];

export const LAYERS: readonly LayerKind[] = layers;

/** The case as a model with four classes. */
export function modelOf({ inputShape, dtype, apply }: LayerCase): tf.LayersModel {
  const input = tf.input({ shape: inputShape, ...(dtype ? { dtype } : {}) });
  let result = apply(input);
  if (result.shape.length > 2) result = L.flatten().apply(result) as Symbolic;
  const output = L.dense({ units: 4, activation: 'softmax' }).apply(result) as Symbolic;
  return tf.model({ inputs: input, outputs: output });
}
