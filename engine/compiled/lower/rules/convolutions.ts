/** Convolutions, their gradients, and the same for each channel alone (depthwise); on NCHW. */
import { type GraphNode, inputOf, type Shape, type Value } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { activate } from '../activation.js';
import { blockedConvolution, blockedFilterGradient, blockedInputGradient } from '../blocked/convolutions.js';
import { channelsFirstShape } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { outputOf, type Rule, type Rules, windowAttributes, windowOf } from '../rule.js';

/** [kh, kw, in, out] -> [out, in, kh, kw] */
const FILTER_TO_ONNX = [3, 2, 0, 1];

const convolution: Rule = (low, node) => {
  if (blockedConvolution(low, node)) return;
  const [x, filter, bias] = [inputOf(node, 'x'), inputOf(node, 'filter'), node.inputs.bias];
  const { onnx } = low;
  const inputs = [low.channelsFirst(x), onnx.transpose(low.plain(filter), filter.shape, FILTER_TO_ONNX)];
  if (bias) inputs.push(low.vector(bias));
  const result = onnx.emit('Conv', inputs, windowAttributes(windowOf(node)));
  low.setChannelsFirst(outputOf(node), activate(low, result, node));
};

const inputGradient: Rule = (low, node) => {
  if (blockedInputGradient(low, node)) return;
  const [dy, filter] = [inputOf(node, 'dy'), inputOf(node, 'filter')];
  const weights = low.onnx.transpose(low.plain(filter), filter.shape, FILTER_TO_ONNX);
  low.setChannelsFirst(outputOf(node), transposed(low, node, low.channelsFirst(dy), dy.shape, weights));
};

/**
 * The gradient of a window's input: a ConvTranspose, whose output is padded to the size that the input had.
 * @param weights [channels of dy, channels of the result within a group, kh, kw]
 */
export function transposed(
  low: Lowering,
  node: GraphNode,
  dy: Name,
  dyShape: Shape,
  weights: Name,
  group = 1,
): Name {
  const window = windowOf(node);
  const { kernel, strides, dilations, pads } = window;
  const { shape } = outputOf(node);
  const missing = [0, 1].map((axis) => {
    const covered = (dyShape[axis + 1]! - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1;
    return shape[axis + 1]! - (covered - pads[axis]! - pads[axis + 2]!);
  });
  return low.onnx.emit('ConvTranspose', [dy, weights], {
    ...windowAttributes(window),
    output_padding: missing,
    group,
  });
}

/**
 * One product of matrices: each row is what one tap of the window saw, in the order [channel, n, h, w], so
 * that the product needs no transpose of its larger side.
 */
const filterGradient: Rule = (low, node) => {
  if (blockedFilterGradient(low, node)) return;
  const { onnx } = low;
  const [x, dy] = [inputOf(node, 'x'), inputOf(node, 'dy')];
  const output = outputOf(node);
  const [kh, kw, channels, filters] = output.shape as [number, number, number, number];
  const [n, oh, ow] = dy.shape as [number, number, number];
  const swapped = onnx.transpose(low.channelsFirst(x), channelsFirstShape(x.shape), [1, 0, 2, 3]);
  const taps = windows(low, node, swapped, [channels, n], dy.shape);
  const rows = taps.length > 1 ? onnx.emit('Concat', taps, { axis: 0 }) : taps[0]!;
  const left = onnx.reshape(rows, [kh * kw * channels, n, oh, ow], [kh * kw * channels, n * oh * ow]);
  const right = onnx.reshape(low.plain(dy), dy.shape, [n * oh * ow, filters]);
  low.setPlain(
    output,
    onnx.reshape(onnx.emit('Gemm', [left, right]), [kh * kw * channels, filters], output.shape),
  );
};

/** What each tap of the window sees of a [a, b, h, w] tensor: kh * kw of [a, b, oh, ow]. */
function windows(low: Lowering, node: GraphNode, name: Name, lead: number[], dyShape: Shape): Name[] {
  const { onnx } = low;
  const { kernel, strides, dilations, pads } = windowOf(node);
  const [top, left, bottom, right] = pads;
  const padded = onnx.pad(name, [...lead.map(() => 0), top, left], [...lead.map(() => 0), bottom, right]);
  const [, oh, ow] = dyShape as [number, number, number];
  const isAll = kernel[0] * kernel[1] === 1 && strides[0] * strides[1] === 1;
  if (isAll) return [padded];
  const taps: Name[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const starts = [i * dilations[0], j * dilations[1]];
      const ends = [starts[0]! + (oh - 1) * strides[0] + 1, starts[1]! + (ow - 1) * strides[1] + 1];
      taps.push(onnx.slice(padded, starts, ends, [2, 3], strides));
    }
  }
  return taps;
}

// ---- depthwise: filters [kh, kw, channels, multiplier]

/** [kh, kw, channels, multiplier] -> [channels * multiplier, 1, kh, kw] */
function depthwiseWeights(low: Lowering, filter: Value): Name {
  const { onnx } = low;
  const [kh, kw, channels, multiplier] = filter.shape as [number, number, number, number];
  const turned = onnx.transpose(low.plain(filter), filter.shape, [2, 3, 0, 1]);
  return onnx.reshape(turned, [channels, multiplier, kh, kw], [channels * multiplier, 1, kh, kw]);
}

const depthwise: Rule = (low, node) => {
  const [x, filter, bias] = [inputOf(node, 'x'), inputOf(node, 'filter'), node.inputs.bias];
  const inputs = [low.channelsFirst(x), depthwiseWeights(low, filter)];
  if (bias) inputs.push(low.vector(bias));
  const result = low.onnx.emit('Conv', inputs, { ...windowAttributes(windowOf(node)), group: x.shape[3]! });
  low.setChannelsFirst(outputOf(node), activate(low, result, node));
};

const depthwiseInputGradient: Rule = (low, node) => {
  const [dy, filter] = [inputOf(node, 'dy'), inputOf(node, 'filter')];
  const output = outputOf(node);
  const weights = depthwiseWeights(low, filter);
  const group = output.shape[3]!;
  low.setChannelsFirst(output, transposed(low, node, low.channelsFirst(dy), dy.shape, weights, group));
};

/** For each tap: sums input times dy over images and pixels. */
const depthwiseFilterGradient: Rule = (low, node) => {
  const { onnx } = low;
  const [x, dy] = [inputOf(node, 'x'), inputOf(node, 'dy')];
  const output = outputOf(node);
  const [kh, kw, channels, multiplier] = output.shape as [number, number, number, number];
  const [n, oh, ow] = dy.shape as [number, number, number];
  const gradient = onnx.reshape(low.channelsFirst(dy), channelsFirstShape(dy.shape), [
    n,
    channels,
    multiplier,
    oh,
    ow,
  ]);
  const sums = windows(low, node, low.channelsFirst(x), [n, channels], dy.shape).map((tap) => {
    const seen = onnx.reshape(tap, [n, channels, oh, ow], [n, channels, 1, oh, ow]);
    const sum = onnx.sum(onnx.emit('Mul', [seen, gradient]), [0, 3, 4]);
    return onnx.reshape(sum, [channels, multiplier], [1, channels, multiplier]);
  });
  const all = sums.length > 1 ? onnx.emit('Concat', sums, { axis: 0 }) : sums[0]!;
  low.setPlain(output, onnx.reshape(all, [kh * kw, channels, multiplier], output.shape));
};

export const CONVOLUTIONS: Rules = {
  Conv2D: convolution,
  FusedConv2D: convolution,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
};
