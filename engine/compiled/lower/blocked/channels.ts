/** Work on the channels of a blocked image: affine maps in one pass, and sums. Shapes are TF.js's NHWC. */
import type { Shape } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { NCHWC } from '../blocks.js';
import type { Lowering } from '../lowering.js';

export interface Affine {
  /** [c] */
  weight: Name;
  /** [c] */
  bias?: Name | undefined;
  /** A blocked image of the same shape, added. */
  plus?: Name | undefined;
  relu?: boolean;
}

/** x * weight + bias + plus for each channel: a depthwise convolution with a window of 1x1. */
export function affine(low: Lowering, shape: Shape, x: Name, { weight, bias, plus, relu }: Affine): Name {
  const { onnx } = low;
  const channels = shape[3]!;
  const inputs = [x, onnx.reshape(weight, [channels], [channels, 1, 1, 1])];
  if (bias || plus) inputs.push(bias ?? onnx.filled(0, [channels]));
  if (plus) inputs.push(plus);
  const window = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
  return onnx.emit(
    'Conv',
    inputs,
    { ...window, group: channels, ...(relu ? { activation: 'Relu' } : {}) },
    NCHWC,
  );
}

/** Mean over height and width: [n, c]. */
export function imageMeans(low: Lowering, [n, , , channels]: Shape, x: Name): Name {
  return low.onnx.reshape(
    low.onnx.emit('GlobalAveragePool', [x], {}, NCHWC),
    [n!, channels!, 1, 1],
    [n!, channels!],
  );
}

/** Sum over all but the channels: [c]. */
export function channelSums(low: Lowering, shape: Shape, x: Name): Name {
  const pixels = shape[1]! * shape[2]!;
  return low.onnx.emit('Mul', [low.onnx.sum(imageMeans(low, shape, x), [0]), low.onnx.scalar(pixels)]);
}

/** Mean over all but the channels: [c]. */
export function channelMeans(low: Lowering, shape: Shape, x: Name): Name {
  return low.onnx.emit('ReduceMean', [imageMeans(low, shape, x), low.onnx.ints([0])], { keepdims: 0 });
}
