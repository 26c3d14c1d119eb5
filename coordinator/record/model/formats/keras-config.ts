/** A topology of TF.js, which is that of Keras 2, in the words of Keras 3. */
import { UserError } from '../../../../shared/user-error.js';

type Json = Record<string, unknown>;

/** Layers that compute the same in both. */
const LAYERS: ReadonlySet<string> = new Set([
  ...['InputLayer', 'Dense', 'Conv1D', 'Conv2D', 'Conv2DTranspose', 'DepthwiseConv2D', 'SeparableConv2D'],
  ...['MaxPooling1D', 'MaxPooling2D', 'AveragePooling1D', 'AveragePooling2D'],
  ...['GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'GlobalAveragePooling1D', 'GlobalAveragePooling2D'],
  ...['BatchNormalization', 'LayerNormalization', 'Embedding', 'LSTM', 'GRU', 'SimpleRNN'],
  ...['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax', 'Dropout', 'SpatialDropout1D', 'GaussianNoise'],
  ...['Flatten', 'Reshape', 'Permute', 'RepeatVector', 'ZeroPadding2D', 'Cropping2D', 'UpSampling2D'],
  ...['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate'],
]);

/** `hard_sigmoid` and `gelu` are others in Keras 3 than in TF.js. */
const ACTIVATIONS: ReadonlySet<string> = new Set([
  ...['linear', 'relu', 'relu6', 'sigmoid', 'tanh', 'softmax'],
  ...['elu', 'selu', 'softplus', 'softsign', 'exponential', 'swish'],
]);

/** Keras 3 calls it otherwise. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { alpha: 'negative_slope' },
};

/** Of inputs, and what Keras 3 asks no more about. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['batch_input_shape', 'input_dtype', 'input_length', 'sparse', 'implementation'],
]);
const LEFT_OUT_OF: Readonly<Record<string, readonly string[]>> = {
  Dense: ['input_dim'],
  Embedding: ['activity_regularizer'],
  SpatialDropout1D: ['noise_shape', 'trainable'],
};

/** @throws UserError naming the layer that Keras 3 cannot compute alike */
export function kerasConfig({ class_name, config }: Json): Json {
  const inner = (Array.isArray(config) ? { name: 'sequential', layers: config } : config) as Json;
  const given = inner.layers as Json[];
  if (class_name === 'Sequential') {
    const layers = given.map(layerOf);
    const [first] = given as [Json];
    const shape = (first.config as Json).batch_input_shape;
    const input = { ...entry('InputLayer', inputConfig('input_layer', shape)) };
    return entry(
      'Sequential',
      {
        ...{ name: inner.name, trainable: true, dtype: 'float32' },
        layers: first.class_name === 'InputLayer' ? layers : [input, ...layers],
      },
      'keras',
    );
  }
  return {
    ...{ module: 'keras.src.models.functional', class_name: 'Functional', registered_name: 'Functional' },
    config: {
      ...{ name: inner.name, trainable: true },
      layers: given.map((layer) => ({
        ...layerOf(layer),
        ...{ name: layer.name ?? (layer.config as Json).name, inbound_nodes: layer.inbound_nodes },
      })),
      ...{ input_layers: inner.input_layers, output_layers: inner.output_layers },
    },
  };
}

const entry = (name: string, config: Json, module = 'keras.layers'): Json => ({
  ...{ module, class_name: name, config, registered_name: null },
});

const inputConfig = (name: unknown, shape: unknown): Json => ({
  ...{ batch_shape: shape, dtype: 'float32', sparse: false, name },
});

function layerOf({ class_name, config }: Json): Json {
  const kind = class_name as string;
  const own = config as Json;
  if (!LAYERS.has(kind)) refuse(kind, own.name);
  if (kind === 'InputLayer') return entry(kind, inputConfig(own.name, own.batch_input_shape));
  const names = RENAMED[kind] ?? {};
  const kept = Object.entries(own).filter(
    ([option]) => !LEFT_OUT.has(option) && !LEFT_OUT_OF[kind]?.includes(option),
  );
  const written = kept.map(([option, value]): [string, unknown] => {
    if (/(^|_)activation$/.test(option) && !ACTIVATIONS.has(value as string))
      refuse(`${kind} with ${option} ${value}`, own.name);
    // TF.js aligns the corners of the two pictures, Keras the centers of their pixels.
    if (option === 'interpolation' && value !== 'nearest') refuse(`${kind}, ${value}`, own.name);
    // The weights are in the file.
    if (option.endsWith('_initializer')) return [option, 'zeros'];
    if (/_(regularizer|constraint)$/.test(option)) return [option, null];
    return [names[option] ?? option, value];
  });
  // TF.js knows no other, and Keras 3 takes the other one unless told.
  const reset = kind === 'GRU' ? { reset_after: false } : {};
  return entry(kind, { ...Object.fromEntries(written), ...reset, dtype: 'float32' });
}

function refuse(what: string, name: unknown): never {
  throw new UserError(
    `layer ${name} (${what}) is not written for Keras 3, which lacks it or computes it otherwise: --format onnx writes all that the compiled engine computes`,
    2,
  );
}
