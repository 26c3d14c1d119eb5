/** The activation that a fused kernel ends with. */
import type { GraphNode } from '../graph/graph.js';
import type { Name } from '../onnx/builder.js';
import type { Lowering } from './lowering.js';

const OPERATORS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  elu: 'Elu',
};

/** @throws for one that is not known */
export function activate({ onnx }: Lowering, name: Name, { kernel, attributes }: GraphNode): Name {
  const activation = (attributes.activation ?? 'linear') as string;
  if (activation === 'linear') return name;
  const operator = OPERATORS[activation];
  if (operator) return onnx.emit(operator, [name]);
  if (activation === 'relu6') return onnx.emit('Clip', [name, onnx.scalar(0), onnx.scalar(6)]);
  throw new Error(`${kernel} with the activation ${activation}`);
}
