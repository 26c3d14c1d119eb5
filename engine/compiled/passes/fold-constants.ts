/**
 * Constant folding: kernels on constants, and what zeros, ones and moves that cancel make of a kernel.
 *
 * A product with zeros counts as zeros, though a NaN times 0 were NaN: such zeros are those of a gradient
 * that has another way, not numbers of the model.
 */
import {
  type Graph,
  type GraphNode,
  inputOf,
  producer,
  sameShape,
  splatOf,
  splatValue,
  type Value,
} from '../graph/graph.js';
import { type Rewriter, rewrite } from '../graph/rewrite.js';
import { evaluateConstant } from './evaluate-constant.js';

export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (node, _, rewriter) => {
    const [output] = node.outputs;
    if (!output || node.outputs.length > 1) return undefined;
    const folded = evaluateConstant(node) ?? simplify(node, output, rewriter);
    return folded && [folded];
  });
}

function simplify(node: GraphNode, output: Value, rewriter: Rewriter): Value | undefined {
  switch (node.kernel) {
    case 'Multiply': {
      const [a, b] = [inputOf(node, 'a'), inputOf(node, 'b')];
      if (splatValue(a) === 0 || splatValue(b) === 0) return splatOf(0, output.shape, output.dtype);
      if (splatValue(a) === 1) return broadcast(b, output, rewriter);
      if (splatValue(b) === 1) return broadcast(a, output, rewriter);
      return undefined;
    }
    case 'Add': {
      const [a, b] = [inputOf(node, 'a'), inputOf(node, 'b')];
      if (splatValue(a) === 0) return broadcast(b, output, rewriter);
      if (splatValue(b) === 0) return broadcast(a, output, rewriter);
      return undefined;
    }
    case 'Sub':
      return splatValue(inputOf(node, 'b')) === 0
        ? broadcast(inputOf(node, 'a'), output, rewriter)
        : undefined;
    case 'RealDiv': {
      const [a, b] = [inputOf(node, 'a'), inputOf(node, 'b')];
      if (splatValue(a) === 0) return splatOf(0, output.shape, output.dtype);
      return splatValue(b) === 1 ? broadcast(a, output, rewriter) : undefined;
    }
    case 'Pow': {
      const [a, exponent] = [inputOf(node, 'a'), splatValue(inputOf(node, 'b'))];
      if (!sameShape(a.shape, output.shape) || a.dtype !== 'float32') return undefined;
      if (exponent === 1) return a;
      if (exponent !== 2 && exponent !== 3) return undefined;
      const square = rewriter.add('Multiply', { a, b: a }, {}, output);
      return exponent === 2 ? square : rewriter.add('Multiply', { a: square, b: a }, {}, output);
    }
    case 'Sum':
    case 'Mean':
      return splatValue(inputOf(node, 'x')) === 0 ? splatOf(0, output.shape, output.dtype) : undefined;
    case 'Cast':
      return cast(inputOf(node, 'x'), output);
    case 'Reshape':
    case 'ExpandDims':
      return reshape(node.inputs.x ?? inputOf(node, 'input'), output, rewriter);
    case 'BroadcastTo':
    case 'Tile':
      return sameShape(inputOf(node, 'x').shape, output.shape) ? inputOf(node, 'x') : undefined;
    case 'Transpose':
      return transpose(inputOf(node, 'x'), node, output, rewriter);
    default:
      return undefined;
  }
}

function broadcast(value: Value, output: Value, rewriter: Rewriter): Value | undefined {
  if (value.dtype !== output.dtype) return undefined;
  if (sameShape(value.shape, output.shape)) return value;
  return rewriter.add('BroadcastTo', { x: value }, {}, output);
}

function cast(x: Value, output: Value): Value | undefined {
  if (x.dtype === output.dtype) return x;
  // Whole numbers that were made float and whole again.
  const inner = producer(x, 'Cast');
  const original = inner && inputOf(inner, 'x');
  return original?.dtype === output.dtype && x.dtype === 'float32' ? original : undefined;
}

function reshape(x: Value, output: Value, rewriter: Rewriter): Value | undefined {
  if (sameShape(x.shape, output.shape)) return x;
  const inner = producer(x, 'Reshape');
  if (!inner) return undefined;
  const original = inputOf(inner, 'x');
  if (sameShape(original.shape, output.shape)) return original;
  return rewriter.add('Reshape', { x: original }, {}, output);
}

function transpose(x: Value, node: GraphNode, output: Value, rewriter: Rewriter): Value | undefined {
  const perm = node.attributes.perm as readonly number[];
  if (perm.every((axis, i) => axis === i)) return x;
  const inner = producer(x, 'Transpose');
  if (!inner) return undefined;
  const first = inner.attributes.perm as readonly number[];
  const both = perm.map((axis) => first[axis]!);
  const original = inputOf(inner, 'x');
  if (both.every((axis, i) => axis === i)) return original;
  return rewriter.add('Transpose', { x: original }, { perm: both }, output);
}
