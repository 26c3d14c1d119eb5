/** The inverse standard deviation, by which normalizations multiply. */
import { type GraphNode, inputOf } from '../graph/graph.js';
import type { Name } from '../onnx/builder.js';
import type { Lowering } from './lowering.js';
import { numberOf } from './rule.js';

/** 1 / sqrt(variance + epsilon), as [length]. */
export function inverseDeviation(low: Lowering, node: GraphNode, length: number): Name {
  const { onnx } = low;
  const variance = low.vector(inputOf(node, 'variance'), length);
  const sum = onnx.emit('Add', [variance, onnx.scalar(numberOf(node, 'varianceEpsilon'))]);
  return onnx.emit('Div', [onnx.scalar(1), onnx.emit('Sqrt', [sum])]);
}
