/** Pooling and its gradients, on NCHW. */
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { inputOf, type Shape } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { blockedMaxPool, blockedMaxPoolGradient } from '../blocked/pooling.js';
import { channelsFirstShape } from '../forms.js';
import type { Lowering } from '../lowering.js';
import {
  isTiling,
  outputOf,
  type Rule,
  type Rules,
  type Window,
  windowAttributes,
  windowOf,
} from '../rule.js';
import { transposed } from './convolutions.js';

/** Below every float32 that a model has, and finite: an infinity would spoil what it is multiplied with. */
const LOWEST = -3.4e38;

const maxPool: Rule = (low, node) => {
  if (blockedMaxPool(low, node)) return;
  const x = inputOf(node, 'x');
  // Places and values come from one operator: both are asked for where the gradient will ask for the places.
  const outputs =
    low.readersOf(outputOf(node)).some(({ kernel }) => kernel === 'MaxPoolGrad') && !low.target.gpu ? 2 : 1;
  const [result] = low.onnx.emitAll(
    'MaxPool',
    [low.channelsFirst(x)],
    outputs,
    windowAttributes(windowOf(node)),
  );
  low.setChannelsFirst(outputOf(node), result!);
};

const maxPoolGradient: Rule = (low, node) => {
  if (blockedMaxPoolGradient(low, node)) return;
  const { onnx } = low;
  const [dy, input, result] = ['dy', 'input', 'output'].map((name) => inputOf(node, name));
  const output = outputOf(node);
  const window = windowOf(node);
  const shape = channelsFirstShape(input!.shape);
  const gradient = low.channelsFirst(dy!);
  if (low.target.gpu) {
    const pooled = low.channelsFirst(result!);
    const name = maskedGradient(
      low,
      window,
      { x: low.channelsFirst(input!), pooled, dy: gradient },
      shape,
      dy!.shape,
    );
    return low.setChannelsFirst(output, name);
  }
  const [, places] = onnx.emitAll('MaxPool', [low.channelsFirst(input!)], 2, windowAttributes(window));
  if (isTiling(window)) {
    const { kernel, strides } = window;
    const ends = onnx.ints(shape);
    return low.setChannelsFirst(
      output,
      onnx.emit('MaxUnpool', [gradient, places!, ends], { kernel_shape: kernel, strides }),
    );
  }
  const size = sizeOf(shape);
  const count = sizeOf(dy!.shape);
  const pooled = channelsFirstShape(dy!.shape);
  const scattered = onnx.emit(
    'ScatterElements',
    [
      onnx.expand(onnx.scalar(0), [], [size]),
      onnx.reshape(places!, pooled, [count]),
      onnx.reshape(gradient, pooled, [count]),
    ],
    { axis: 0, reduction: 'add' },
  );
  low.setChannelsFirst(output, onnx.reshape(scattered, [size], shape));
};

/** Computes the gradient without stored positions: each tap checks whether it is the first that equals the result. */
function maskedGradient(
  low: Lowering,
  { kernel, strides, dilations, pads }: Window,
  { x, pooled, dy }: { x: Name; pooled: Name; dy: Name },
  shape: readonly number[],
  dyShape: Shape,
): Name {
  const { onnx } = low;
  const [, oh, ow] = dyShape as [number, number, number];
  const [top, left, bottom, right] = pads;
  const padded = onnx.pad(x, [0, 0, top, left], [0, 0, bottom, right], LOWEST);
  let free: Name | undefined;
  const taps: Name[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const starts = [i * dilations[0], j * dilations[1]];
      const ends = [starts[0]! + (oh - 1) * strides[0] + 1, starts[1]! + (ow - 1) * strides[1] + 1];
      const isLargest = onnx.emit('Equal', [onnx.slice(padded, starts, ends, [2, 3], strides), pooled]);
      const isFirst = free ? onnx.emit('And', [isLargest, free]) : isLargest;
      const isOther = onnx.emit('Not', [isLargest]);
      free = free ? onnx.emit('And', [free, isOther]) : isOther;
      taps.push(
        place(low, onnx.emit('Where', [isFirst, dy, onnx.scalar(0)]), shape, [oh, ow], strides, [
          i * dilations[0] - top,
          j * dilations[1] - left,
        ]),
      );
    }
  }
  return taps.reduce((sum, tap) => onnx.emit('Add', [sum, tap]));
}

/** What one tap of the windows got, put where that tap was: rows and columns a stride apart, from an offset on. */
function place(
  { onnx }: Lowering,
  tap: Name,
  shape: readonly number[],
  pooled: readonly [number, number],
  strides: readonly [number, number],
  offset: readonly [number, number],
): Name {
  const [n, channels, ...size] = shape as [number, number, number, number];
  const images = n * channels;
  const [oh, ow] = pooled;
  const spread = [oh * strides[0], ow * strides[1]] as const;
  const apart = onnx.reshape(tap, [n, channels, oh, ow], [images, oh, 1, ow, 1]);
  const padded = onnx.pad(apart, [0, 0, 0, 0, 0], [0, 0, strides[0] - 1, 0, strides[1] - 1]);
  const wide = onnx.reshape(padded, [images, oh, strides[0], ow, strides[1]], [images, ...spread]);
  const from = offset.map((at) => Math.max(0, -at));
  const to = offset.map((at, axis) => Math.min(spread[axis]!, size[axis]! - at));
  const cut = onnx.slice(wide, from, to, [1, 2]);
  const before = offset.map((at) => Math.max(0, at));
  const after = before.map((lead, axis) => size[axis]! - lead - (to[axis]! - from[axis]!));
  return onnx.reshape(onnx.pad(cut, [0, ...before], [0, ...after]), [images, ...size], shape);
}

const averagePool: Rule = (low, node) => {
  const { kernel, strides, pads } = windowOf(node);
  const attributes = { kernel_shape: kernel, strides, pads, count_include_pad: 0 };
  low.setChannelsFirst(
    outputOf(node),
    low.onnx.emit('AveragePool', [low.channelsFirst(inputOf(node, 'x'))], attributes),
  );
};

/** Divides each result's gradient by the window's size, as TF.js does: see `corrected-gradients.ts`. */
const averagePoolGradient: Rule = (low, node) => {
  const dy = inputOf(node, 'dy');
  const output = outputOf(node);
  const channels = output.shape[3]!;
  const [kh, kw] = windowOf(node).kernel;
  const shares = low.onnx.filled(1 / (kh * kw), [channels, 1, kh, kw]);
  low.setChannelsFirst(output, transposed(low, node, low.channelsFirst(dy), dy.shape, shares, channels));
};

export const POOLING: Rules = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
  AvgPool: averagePool,
  AvgPoolGrad: averagePoolGradient,
};
