/** Batch normalization of blocked images: one pass forward, two backward, each an affine map of channels. */
import { type GraphNode, inputOf, sizeOf, type Value } from '../../graph/graph.js';
import { inverseDeviation } from '../inverse-deviation.js';
import type { Lowering } from '../lowering.js';
import { outputOf } from '../rule.js';
import { affine, channelSums } from './channels.js';

export function blockedBatchNorm(low: Lowering, node: GraphNode): boolean {
  const { onnx } = low;
  const x = inputOf(node, 'x');
  const { mean, variance, scale, offset, residual } = node.inputs as Record<string, Value | undefined>;
  const channels = x.shape.at(-1)!;
  const isPerChannel = [mean, variance, scale, offset].every(
    (value) => !value || sizeOf(value.shape) === channels,
  );
  const activation = node.attributes.activation ?? 'linear';
  if (
    !low.isBlocked(x) ||
    !low.canBlock(x) ||
    !isPerChannel ||
    !['linear', 'relu'].includes(activation as string)
  ) {
    return false;
  }
  const inverse = inverseDeviation(low, node, channels);
  const weight = scale ? onnx.emit('Mul', [inverse, low.vector(scale, channels)]) : inverse;
  const moved = onnx.emit('Mul', [low.vector(mean!, channels), weight]);
  const bias = offset ? onnx.emit('Sub', [low.vector(offset, channels), moved]) : onnx.emit('Neg', [moved]);
  const plus = residual && low.blocked(residual);
  const result = affine(low, x.shape, low.blocked(x), { weight, bias, plus, relu: activation === 'relu' });
  low.setBlocked(outputOf(node), result);
  return true;
}

export function blockedBatchNormGradient(low: Lowering, node: GraphNode): boolean {
  const { onnx } = low;
  const [x, dy, scale] = [inputOf(node, 'x'), inputOf(node, 'dy'), node.inputs.scale];
  if (!low.canBlock(x) || !(low.isBlocked(x) || low.isBlocked(dy))) return false;
  const [dx, dScale, dOffset] = node.outputs as [Value, Value, Value];
  const channels = x.shape[3]!;
  const perSample = onnx.scalar(-channels / sizeOf(x.shape));
  const inverse = inverseDeviation(low, node, channels);
  const factor = scale ? onnx.emit('Mul', [inverse, low.vector(scale, channels)]) : inverse;
  const mean = low.vector(inputOf(node, 'mean'), channels);
  const ones = onnx.filled(1, [channels]);
  const centered = affine(low, x.shape, low.blocked(x), { weight: ones, bias: onnx.emit('Neg', [mean]) });
  const gradient = low.blocked(dy);
  const sum = channelSums(low, x.shape, gradient);
  const product = channelSums(low, x.shape, onnx.emit('Mul', [gradient, centered]));
  const square = onnx.emit('Mul', [inverse, inverse]);
  const slope = onnx.emit('Mul', [
    onnx.emit('Mul', [product, perSample]),
    onnx.emit('Mul', [factor, square]),
  ]);
  const shift = onnx.emit('Mul', [onnx.emit('Mul', [sum, perSample]), factor]);
  const plus = affine(low, x.shape, centered, { weight: slope });
  low.setBlocked(dx, affine(low, x.shape, gradient, { weight: factor, bias: shift, plus }));
  low.setPlain(dScale, onnx.emit('Mul', [product, inverse]));
  low.setPlain(dOffset, sum);
  return true;
}
