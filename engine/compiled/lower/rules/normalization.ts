/** Batch and layer normalization, and the closed forms of their gradients. */
import { inputOf, type Shape, sizeOf, type Value } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { activate } from '../activation.js';
import { blockedBatchNorm, blockedBatchNormGradient } from '../blocked/normalization.js';
import { inverseDeviation } from '../inverse-deviation.js';
import { numberOf, outputOf, type Rule, type Rules } from '../rule.js';
import { elementwise } from './elementwise.js';

/** y = (x - mean) / sqrt(variance + epsilon) * scale + offset + residual, then perhaps a ReLU. */
const normalize: Rule = (low, node) => {
  if (blockedBatchNorm(low, node)) return;
  const { onnx } = low;
  const { x, mean, variance, scale, offset, residual } = node.inputs as Record<string, Value | undefined>;
  const all = [x, mean, variance, scale, offset, residual];
  const present = all.filter((value) => value !== undefined);
  const epsilon = onnx.scalar(numberOf(node, 'varianceEpsilon'));
  elementwise(low, outputOf(node), present, (names) => {
    const of = (value: Value | undefined) => (value ? names[present.indexOf(value)] : undefined);
    const deviation = onnx.emit('Sqrt', [onnx.emit('Add', [of(variance)!, epsilon])]);
    let factor = onnx.emit('Div', [onnx.scalar(1), deviation]);
    if (scale) factor = onnx.emit('Mul', [factor, of(scale)!]);
    let result = onnx.emit('Mul', [onnx.emit('Sub', [of(x)!, of(mean)!]), factor]);
    if (offset) result = onnx.emit('Add', [result, of(offset)!]);
    if (residual) result = onnx.emit('Add', [result, of(residual)!]);
    return activate(low, result, node);
  });
};

/**
 * With c = x - mean, i the inverse deviation and M samples a channel:
 * dx = scale i (dy - sum(dy) / M - c i^2 sum(dy c) / M), dscale = i sum(dy c), doffset = sum(dy).
 */
const batchNormGradient: Rule = (low, node) => {
  if (blockedBatchNormGradient(low, node)) return;
  const { onnx } = low;
  const [x, dy, scale] = [inputOf(node, 'x'), inputOf(node, 'dy'), node.inputs.scale];
  const [dx, dScale, dOffset] = node.outputs as [Value, Value, Value];
  const channels = x.shape.at(-1)!;
  const samples = sizeOf(x.shape) / channels;
  const isFirst = x.shape.length === 4 && (low.isChannelsFirst(x) || low.isChannelsFirst(dy));
  const input = isFirst ? low.channelsFirst(x) : low.plain(x);
  const gradient = isFirst ? low.channelsFirst(dy) : low.plain(dy);
  const axes = isFirst ? [0, 2, 3] : x.shape.map((_, axis) => axis).slice(0, -1);
  const spread = (name: Name) => onnx.reshape(name, [channels], isFirst ? [1, channels, 1, 1] : [channels]);
  const inverse = inverseDeviation(low, node, channels);
  const mean = low.vector(inputOf(node, 'mean'), channels);
  const centered = onnx.emit('Sub', [input, spread(mean)]);
  const sum = onnx.sum(gradient, axes);
  const product = onnx.sum(onnx.emit('Mul', [gradient, centered]), axes);
  const perSample = onnx.scalar(-1 / samples);
  const shift = spread(onnx.emit('Mul', [sum, perSample]));
  const square = onnx.emit('Mul', [inverse, inverse]);
  const slope = spread(onnx.emit('Mul', [onnx.emit('Mul', [product, perSample]), square]));
  const bent = onnx.emit('Add', [onnx.emit('Add', [gradient, shift]), onnx.emit('Mul', [centered, slope])]);
  const factor = scale ? onnx.emit('Mul', [inverse, low.vector(scale, channels)]) : inverse;
  const result = onnx.emit('Mul', [bent, spread(factor)]);
  if (isFirst) low.setChannelsFirst(dx, result);
  else low.setPlain(dx, result);
  low.setPlain(dScale, onnx.emit('Mul', [product, inverse]));
  low.setPlain(dOffset, sum);
};

/** The same gradient along the last axis, where each row has its own mean and variance. */
const layerNormGradient: Rule = (low, node) => {
  const { onnx } = low;
  const [x, dy, scale] = [inputOf(node, 'x'), inputOf(node, 'dy'), node.inputs.scale];
  const [dx, dScale] = node.outputs as [Value, Value];
  const width = x.shape.at(-1)!;
  const rows: Shape = [sizeOf(x.shape) / width, width];
  const flat = (value: Value) => onnx.reshape(low.plain(value), value.shape, rows);
  const column = (value: Value) => {
    const { name, shape } = low.plainStored(value);
    if (sizeOf(shape) === rows[0]) return onnx.reshape(name, shape, [rows[0]!, 1]);
    return flat(value);
  };
  const epsilon = onnx.scalar(numberOf(node, 'varianceEpsilon'));
  const deviation = onnx.emit('Sqrt', [onnx.emit('Add', [column(inputOf(node, 'variance')), epsilon])]);
  const inverse = onnx.emit('Div', [onnx.scalar(1), deviation]);
  const normal = onnx.emit('Mul', [onnx.emit('Sub', [flat(x), column(inputOf(node, 'mean'))]), inverse]);
  const gradient = flat(dy);
  const mean = (name: Name) => onnx.emit('ReduceMean', [name, onnx.ints([1])], { keepdims: 1 });
  let scaled = gradient;
  if (scale) {
    low.setPlain(dScale, onnx.reshape(onnx.emit('Mul', [gradient, normal]), rows, dScale.shape));
    const stored = low.plainStored(scale);
    const isRow = sizeOf(stored.shape) === width && stored.shape.at(-1) === width;
    scaled = onnx.emit('Mul', [
      gradient,
      isRow ? onnx.reshape(stored.name, stored.shape, [width]) : flat(scale),
    ]);
  }
  const centered = onnx.emit('Sub', [scaled, mean(scaled)]);
  const along = onnx.emit('Mul', [normal, mean(onnx.emit('Mul', [scaled, normal]))]);
  const result = onnx.emit('Mul', [onnx.emit('Sub', [centered, along]), inverse]);
  low.setPlain(dx, onnx.reshape(result, rows, dx.shape));
};

export const NORMALIZATION: Rules = {
  FusedBatchNorm: normalize,
  BatchNormGradient: batchNormGradient,
  LayerNormGradient: layerNormGradient,
};
