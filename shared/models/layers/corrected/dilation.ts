/**
 * Dilated convolutions that train: TF.js has no gradient for them, and its depthwise layer forgets the dilation. The
 * kernel is stretched by zeros instead, so that an ordinary convolution, whose gradient every engine has, gives the
 * same numbers.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { sizeOf } from '../../../numerics/shape.js';
import type { Tf } from '../layer.js';

type Layer = TensorFlow.layers.Layer;
type Kernel = { read(): TensorFlow.Tensor };

/** What TF.js's convolutions have. */
interface Convolution {
  kernel?: Kernel;
  depthwiseKernel?: Kernel;
  kernelSize: number[];
  dilationRate: number[];
  call(inputs: unknown, kwargs: unknown): unknown;
  computeOutputShape(shape: TensorFlow.Shape): TensorFlow.Shape;
}

/** The cell of a ConvLSTM2D, which convolves its input with four parts of its kernel. */
interface Cell {
  dilationRate: number[];
  inputConv(x: unknown, kernel: TensorFlow.Tensor, ...rest: unknown[]): unknown;
}

const STRETCHED = ['Conv1D', 'Conv2D', 'Conv3D', 'SeparableConv2D', 'DepthwiseConv2D'];

export function stretchDilated(tf: Tf, prototypeOf: (className: string) => Layer): void {
  for (const className of STRETCHED) {
    const prototype = prototypeOf(className) as unknown as Convolution;
    const { call, computeOutputShape } = prototype;
    prototype.call = function (inputs, kwargs) {
      if (!isDilated(this)) return call.call(this, inputs, kwargs);
      return tf.tidy(() => call.call(stretched(tf, this), inputs, kwargs) as TensorFlow.Tensor);
    };
    prototype.computeOutputShape = function (shape) {
      return computeOutputShape.call(isDilated(this) ? stretched(tf, this) : this, shape);
    };
  }
  const cell = prototypeOf('ConvLSTM2DCell') as unknown as Cell;
  const { inputConv } = cell;
  cell.inputConv = function (x, kernel, ...rest) {
    const plain = Object.assign(Object.create(this) as Cell, { dilationRate: [1, 1] });
    return inputConv.call(plain, x, stretch(tf, kernel, this.dilationRate), ...rest);
  };
}

const isDilated = ({ dilationRate }: Convolution): boolean => dilationRate.some((rate) => rate > 1);

/** The layer as if its kernel were as large as what it covers. */
function stretched(tf: Tf, layer: Convolution): Convolution {
  const { kernel, depthwiseKernel, dilationRate, kernelSize } = layer;
  const own: Partial<Convolution> = {
    kernelSize: kernelSize.map((size, axis) => (size - 1) * dilationRate[axis]! + 1),
    dilationRate: dilationRate.map(() => 1),
  };
  const read = (from: Kernel): Kernel => ({ read: () => stretch(tf, from.read(), dilationRate) });
  if (kernel) own.kernel = read(kernel);
  if (depthwiseKernel) own.depthwiseKernel = read(depthwiseKernel);
  return Object.assign(Object.create(layer) as Convolution, own);
}

/** Zeros between the taps along the first axes: `rate - 1` of them. */
function stretch(tf: Tf, kernel: TensorFlow.Tensor, rates: readonly number[]): TensorFlow.Tensor {
  return rates.reduce((value, rate, axis) => {
    if (rate === 1) return value;
    const { shape } = value;
    const taps = shape[axis]!;
    const [before, after] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
    const apart = tf.pad(tf.reshape(value, [before, taps, 1, after]), [
      [0, 0],
      [0, 0],
      [0, rate - 1],
      [0, 0],
    ]);
    const length = (taps - 1) * rate + 1;
    const cut = tf.slice(tf.reshape(apart, [before, taps * rate, after]), [0, 0, 0], [before, length, after]);
    return tf.reshape(cut, [...shape.slice(0, axis), length, ...shape.slice(axis + 1)]);
  }, kernel);
}
