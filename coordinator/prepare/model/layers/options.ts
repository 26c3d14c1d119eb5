/**
 * What training honors of each layer: the one list of layers and their options, for every engine alike. A model is
 * held against it before anything is built (check.ts), and the table in docs/engine-coverage.md is written from it.
 * An option that is not listed counts for nothing in TF.js or has no gradient: a model that sets it is refused.
 */
import { underscored } from '../../../../shared/models/layers/define-layer.js';
import { OWN_LAYERS } from '../../../../shared/models/layers.js';

/** A value that an option must have, since nothing else is computed. */
export interface Only {
  /** Equal as JSON; the first is what Keras takes where nothing is said. `null` is always allowed. */
  only: readonly unknown[];
  /** Words that follow "change the model". */
  remedy?: string;
}

export type Rule = 'honored' | Only;
export type LayerOptions = Readonly<Record<string, Rule>>;

/** Options by their names in files, in the order of the table. */
const honors = (...names: string[]): LayerOptions =>
  Object.fromEntries(names.map((name) => [name, 'honored' as const]));

const only = (name: string, ...values: unknown[]): LayerOptions => ({ [name]: { only: values } });

/** A weight with how it begins, what is added to the loss for it, and what it is projected to. */
const weight = (name: string): LayerOptions =>
  honors(`${name}_initializer`, `${name}_regularizer`, `${name}_constraint`);

const noActivityRegularizer = only('activity_regularizer');
const bias: LayerOptions = { ...honors('use_bias'), ...weight('bias') };
const activation = honors('activation');
const oneGroup = only('groups', 1);
const channelsLast = only('data_format', 'channels_last');
const anyFormat = honors('data_format');
const plainPadding = only('padding', 'valid', 'same');
const noDilation = only('dilation_rate', 1, [1], [1, 1], [1, 1, 1]);
const noOutputPadding = only('output_padding');

const convolution: LayerOptions = {
  ...honors('filters', 'kernel_size', 'strides', 'dilation_rate'),
  ...plainPadding,
  ...oneGroup,
  ...activation,
  ...weight('kernel'),
  ...bias,
  ...noActivityRegularizer,
};

/** Options of the kernel that `depthwise` makes for each channel. */
const depthwise: LayerOptions = { ...honors('depth_multiplier'), ...weight('depthwise') };

const noKernel = Object.fromEntries(
  ['filters', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint'].map((name) => [
    name,
    { only: [] } as Only,
  ]),
);

/** Options of cells, and of the layers that have them. */
const cell: LayerOptions = {
  ...honors('units'),
  ...activation,
  ...weight('kernel'),
  ...weight('recurrent'),
  ...bias,
  ...honors('dropout', 'recurrent_dropout', 'implementation'),
  // TF.js writes one into the configuration of each cell.
  ...noActivityRegularizer,
};

const gates = honors('recurrent_activation');
const gruCell: LayerOptions = { ...cell, ...gates, ...only('reset_after', false) };
const undropped: LayerOptions = { ...only('dropout', 0), ...only('recurrent_dropout', 0) };
const lstmCell: LayerOptions = { ...cell, ...gates, ...honors('unit_forget_bias') };

const recurrence: LayerOptions = {
  ...honors('return_sequences', 'return_state', 'go_backwards', 'unroll'),
  stateful: {
    only: [false],
    remedy: 'set it to false, so that each sample begins with states of zero',
  },
  ...only('time_major', false),
  ...only('zero_output_for_mask', false),
};

const pooling: LayerOptions = { ...honors('pool_size', 'strides'), ...plainPadding };
const globalPooling = only('keepdims', false);

/** Options of a normalization: how it scales and shifts. */
const affine = honors('axis', 'epsilon', 'center', 'scale');

/** Options by the class's name in files. A layer of TF.js or Keras needs a row here; our own have theirs where they are. */
export const LAYER_OPTIONS: Readonly<Record<string, LayerOptions>> = {
  InputLayer: {
    ...honors('input_shape', 'batch_size'),
    ...only('sparse', false),
    ...only('ragged', false),
    ...only('optional', false),
  },

  Dense: {
    ...honors('units', 'input_dim'),
    ...activation,
    ...weight('kernel'),
    ...bias,
    ...noActivityRegularizer,
    ...only('lora_rank'),
    ...only('quantization_config'),
  },
  Embedding: {
    ...honors('input_dim', 'output_dim', 'input_length', 'mask_zero'),
    ...weight('embeddings'),
    ...only('sparse', false),
    ...noActivityRegularizer,
    ...only('lora_rank'),
    ...only('quantization_config'),
  },

  Conv1D: { ...convolution, ...channelsLast },
  CausalConv1D: { ...convolution, ...only('padding', 'valid'), ...channelsLast },
  Conv2D: { ...convolution, ...anyFormat },
  Conv3D: { ...convolution, ...anyFormat },
  Conv2DTranspose: { ...convolution, ...noDilation, ...anyFormat, ...noOutputPadding },
  SeparableConv2D: {
    ...convolution,
    ...depthwise,
    ...weight('pointwise'),
    ...channelsLast,
    ...only('kernel_initializer'),
    ...only('kernel_regularizer'),
    ...only('kernel_constraint'),
  },
  DepthwiseConv2D: { ...convolution, ...noKernel, ...depthwise, ...anyFormat },

  MaxPooling1D: { ...pooling, ...channelsLast },
  AveragePooling1D: { ...pooling, ...channelsLast },
  MaxPooling2D: { ...pooling, ...anyFormat },
  AveragePooling2D: { ...pooling, ...anyFormat },
  MaxPooling3D: { ...pooling, ...anyFormat },
  AveragePooling3D: { ...pooling, ...anyFormat },
  GlobalMaxPooling1D: { ...globalPooling, ...channelsLast },
  GlobalAveragePooling1D: { ...globalPooling, ...channelsLast },
  GlobalMaxPooling2D: { ...globalPooling, ...anyFormat },
  GlobalAveragePooling2D: { ...globalPooling, ...anyFormat },

  BatchNormalization: {
    ...affine,
    ...honors('momentum', 'moving_mean_initializer', 'moving_variance_initializer', 'fused'),
    ...weight('beta'),
    ...weight('gamma'),
    ...only('synchronized', false),
    ...only('renorm', false),
    ...only('virtual_batch_size'),
  },
  GroupNormalization: {
    ...honors('groups', 'epsilon', 'center', 'scale', 'beta_initializer', 'gamma_initializer'),
    ...only('axis', -1),
    ...only('beta_regularizer'),
    ...only('gamma_regularizer'),
    ...only('beta_constraint'),
    ...only('gamma_constraint'),
  },
  Normalization: honors('axis', 'mean', 'variance', 'invert'),
  LayerNormalization: {
    ...affine,
    ...honors('beta_initializer', 'beta_regularizer', 'gamma_initializer', 'gamma_regularizer'),
    ...only('beta_constraint'),
    ...only('gamma_constraint'),
    ...only('rms_scaling', false),
  },

  ResetAfterGRU: { ...gruCell, ...only('reset_after', true), ...undropped, ...recurrence },
  SimpleRNN: { ...cell, ...recurrence },
  GRU: { ...gruCell, ...recurrence },
  LSTM: { ...lstmCell, ...recurrence },
  // TF.js repeats the cell's options beside it.
  RNN: { ...gruCell, ...lstmCell, ...recurrence, ...honors('cell', 'cells') },
  ConvLSTM2D: {
    ...convolution,
    ...lstmCell,
    ...recurrence,
    ...channelsLast,
  },
  SimpleRNNCell: cell,
  GRUCell: gruCell,
  ResetAfterGRUCell: { ...gruCell, ...only('reset_after', true), ...undropped },
  LSTMCell: lstmCell,
  ConvLSTM2DCell: { ...convolution, ...lstmCell, ...channelsLast },
  StackedRNNCells: honors('cells'),
  Bidirectional: { ...honors('layer', 'merge_mode'), ...only('backward_layer') },
  TimeDistributed: honors('layer'),

  Activation: activation,
  ReLU: { ...honors('max_value'), ...only('negative_slope', 0), ...only('threshold', 0) },
  LeakyReLU: honors('alpha'),
  PReLU: { ...weight('alpha'), ...honors('shared_axes') },
  ELU: only('alpha', 1),
  ThresholdedReLU: honors('theta'),
  Softmax: honors('axis'),

  Dropout: honors('rate', 'noise_shape', 'seed'),
  SpatialDropout1D: { ...honors('rate', 'seed'), ...only('noise_shape') },
  GaussianNoise: honors('stddev', 'seed'),
  GaussianDropout: honors('rate', 'seed'),
  AlphaDropout: { ...honors('rate', 'seed'), ...only('noise_shape') },
  RandomFlip: { ...honors('mode', 'seed'), ...channelsLast },
  Masking: honors('mask_value'),

  Flatten: anyFormat,
  Reshape: honors('target_shape'),
  Permute: honors('dims'),
  RepeatVector: honors('n'),
  ZeroPadding2D: { ...honors('padding'), ...anyFormat },
  Cropping2D: { ...honors('cropping'), ...anyFormat },
  UpSampling2D: { ...honors('size', 'interpolation'), ...anyFormat },
  Rescaling: honors('scale', 'offset'),
  Resizing: {
    ...honors('height', 'width', 'interpolation'),
    ...only('crop_to_aspect_ratio', false),
  },

  Add: {},
  Subtract: {},
  Multiply: {},
  Average: {},
  Maximum: {},
  Minimum: {},
  Concatenate: honors('axis'),
  Dot: honors('axes', 'normalize'),

  // Our own honor all options that they have.
  ...Object.fromEntries(
    Object.entries(OWN_LAYERS).map(([name, { options }]) => [name, honors(...options.map(underscored))]),
  ),
};

/** Layers of TF.js that training does not honor. Any other that is not listed above is a program's own. */
export const LEFT_OUT = [
  ...(['CategoryEncoding', 'CenterCrop', 'RandomWidth', 'DefineByRun'] as const),
  // TF.js has no gradient of it.
  'Conv3DTranspose',
] as const;

/** Options of every layer. */
export const COMMON_OPTIONS: LayerOptions = {
  ...honors('name', 'trainable', 'batch_input_shape', 'batch_shape'),
  dtype: { only: ['float32', 'int32', 'bool'], remedy: 'training computes in float32' },
};

/** Models within models: their options are names, and how the layers are joined. */
export const CONTAINERS = ['Sequential', 'Model', 'Functional'] as const;

/** Classes that `..._constraint` may name: the coordinator projects to them after each update. */
export const CONSTRAINTS = ['NonNeg', 'MaxNorm', 'UnitNorm', 'MinMaxNorm'] as const;
/** Classes that `..._regularizer` may name. */
export const REGULARIZERS = ['L1L2', 'L1', 'L2'] as const;
/** Names that `activation` and `recurrent_activation` may have. */
export const ACTIVATIONS = [
  ...['linear', 'relu', 'relu6', 'elu', 'selu', 'gelu', 'swish', 'silu', 'mish', 'softplus', 'softsign'],
  ...['tanh', 'sigmoid', 'hard_sigmoid', 'hard_sigmoid_of_sixth', 'exponential', 'softmax', 'log_softmax'],
] as const;
/** Classes that `..._initializer` may name. */
export const INITIALIZERS = [
  ...['Zeros', 'Ones', 'Constant', 'RandomNormal', 'RandomUniform', 'TruncatedNormal', 'VarianceScaling'],
  ...['GlorotNormal', 'GlorotUniform', 'HeNormal', 'HeUniform', 'LeCunNormal', 'LeCunUniform'],
  ...['Orthogonal', 'Identity'],
] as const;
