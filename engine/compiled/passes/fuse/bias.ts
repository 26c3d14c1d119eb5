/** Fuses a bias into the matrix product or convolution that it is added to, if that has no other reader. */
import {
  type Graph,
  type GraphNode,
  inputOf,
  onlyReader,
  producer,
  sizeOf,
  type Uses,
  usesOf,
  type Value,
} from '../../graph/graph.js';
import { EITHER_WAY, rewrite } from '../../graph/rewrite.js';

const FUSED: Readonly<Record<string, string>> = {
  BatchMatMul: '_FusedMatMul',
  _FusedMatMul: '_FusedMatMul',
  Conv2D: 'FusedConv2D',
  DepthwiseConv2dNative: 'FusedDepthwiseConv2D',
};

export function fuseBiases(graph: Graph): Graph {
  const uses = usesOf(graph);
  return rewrite(graph, (node, was, rewriter) => {
    if (node.kernel !== 'Add') return undefined;
    for (const [side, other] of EITHER_WAY) {
      const product = productBehind(inputOf(was, side), uses);
      const bias = biasOf(inputOf(node, other), inputOf(node, side));
      if (!product || !bias) continue;
      const inputs = Object.entries(product.inputs).map(([name, value]) => [name, rewriter.current(value)]);
      const [result] = product.outputs;
      const fused = rewriter.add(
        FUSED[product.kernel]!,
        { ...Object.fromEntries(inputs), bias },
        { ...product.attributes, activation: 'linear' },
        result!,
      );
      const [output] = node.outputs;
      if (fused.shape.join() === output!.shape.join()) return [fused];
      return [rewriter.add('Reshape', { x: fused }, {}, output!)];
    }
    return undefined;
  });
}

/** The kernel that makes `value`, perhaps reshaped, and has no other reader; its last axis must be the same. */
function productBehind(value: Value, uses: Uses): GraphNode | undefined {
  let inner = value;
  for (;;) {
    const node = producer(inner);
    if (!node || !onlyReader(uses, inner)) return undefined;
    const input = node.kernel === 'Reshape' ? inputOf(node, 'x') : undefined;
    if (input && input.shape.at(-1) === inner.shape.at(-1)) inner = input;
    else
      return node.kernel in FUSED && !node.inputs.bias && isLinear(node) && isFlat(node) ? node : undefined;
  }
}

const isLinear = ({ attributes }: GraphNode): boolean => (attributes.activation ?? 'linear') === 'linear';

/** One product of matrices, not a batch of them. */
const isFlat = ({ kernel, outputs }: GraphNode): boolean =>
  !kernel.includes('MatMul') || sizeOf(outputs[0]!.shape.slice(0, -2)) === 1;

/** A vector along the last axis of `to`, however many ones its shape has. */
function biasOf(value: Value, to: Value): Value | undefined {
  const length = to.shape.at(-1)!;
  if (value.dtype !== 'float32' || sizeOf(value.shape) !== length || value.shape.at(-1) !== length)
    return undefined;
  const reshape = producer(value, 'Reshape');
  const vector = reshape ? inputOf(reshape, 'x') : value;
  return vector.shape.length === 1 && vector.source.kind === 'input' ? vector : undefined;
}
