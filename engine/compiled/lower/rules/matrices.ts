/** Products of matrices, alone and in batches. */
import { inputOf, type Shape, sizeOf, type Value } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { activate } from '../activation.js';
import type { Lowering } from '../lowering.js';
import { flagOf, outputOf, type Rule, type Rules } from '../rule.js';

/**
 * A^T B: MLAS transposes A again for each panel of columns, so up to this many elements of A an explicit
 * transpose is cheaper.
 */
const TRANSPOSED_ELEMENTS = 131_072;

const product: Rule = (low, node) => {
  const [a, b, bias] = [inputOf(node, 'a'), inputOf(node, 'b'), node.inputs.bias];
  const [transposeA, transposeB] = [flagOf(node, 'transposeA'), flagOf(node, 'transposeB')];
  const output = outputOf(node);
  const isFlat = [output, a, b].every(({ shape }) => sizeOf(shape.slice(0, -2)) === 1);
  const name = isFlat
    ? flat(low, { a, b, bias, transposeA, transposeB })
    : batched(low, { a, b, bias, transposeA, transposeB });
  const stored = isFlat ? output.shape.slice(-2) : output.shape;
  low.setPlain(output, low.onnx.reshape(activate(low, name, node), stored, output.shape));
};

interface Operands {
  a: Value;
  b: Value;
  bias: Value | undefined;
  transposeA: boolean;
  transposeB: boolean;
}

function flat(low: Lowering, { a, b, bias, transposeA, transposeB }: Operands): Name {
  const { onnx } = low;
  const matrix = (value: Value) => onnx.reshape(low.plain(value), value.shape, value.shape.slice(-2));
  let left = matrix(a);
  let isTransposed = transposeA;
  const [rows, columns] = a.shape.slice(-2) as [number, number];
  if (transposeA && !transposeB && columns > 1 && rows * columns <= TRANSPOSED_ELEMENTS) {
    left = onnx.emit('Transpose', [left], { perm: [1, 0] });
    isTransposed = false;
  }
  const inputs = [left, matrix(b)];
  // A vector is added to each row, a matrix to the whole.
  if (bias)
    inputs.push(
      bias.shape.length > 1 && sizeOf(bias.shape) > bias.shape.at(-1)! ? matrix(bias) : low.vector(bias),
    );
  return onnx.emit('Gemm', inputs, { transA: Number(isTransposed), transB: Number(transposeB) });
}

function batched(low: Lowering, { a, b, bias, transposeA, transposeB }: Operands): Name {
  const { onnx } = low;
  const sum = (name: Name) => (bias ? onnx.emit('Add', [name, low.plain(bias)]) : name);
  if (!transposeA && !transposeB) return sum(onnx.emit('MatMul', [low.plain(a), low.plain(b)]));
  if (a.shape.length === b.shape.length && !low.target.gpu) {
    const flags = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: 1 } };
    return sum(onnx.emit('FusedMatMul', [low.plain(a), low.plain(b)], flags, 'com.microsoft'));
  }
  const turned = (value: Value, isTurned: boolean) =>
    isTurned ? onnx.transpose(low.plain(value), value.shape, swapped(value.shape)) : low.plain(value);
  return sum(onnx.emit('MatMul', [turned(a, transposeA), turned(b, transposeB)]));
}

/** The axes with the last two exchanged. */
function swapped({ length }: Shape): number[] {
  const axes = Array.from({ length }, (_, axis) => axis);
  return [...axes.slice(0, -2), length - 1, length - 2];
}

export const MATRICES: Rules = { BatchMatMul: product, _FusedMatMul: product };
