/**
 * Fuses a matrix into the product that it is added to, if it has no other reader: the sums begin with it. Recurrent networks
 * add what the input gives to what the state gives at every position.
 */
import {
  type Graph,
  type GraphNode,
  inputOf,
  onlyReader,
  producer,
  sameShape,
  sizeOf,
  type Uses,
  usesOf,
  type Value,
} from '../../graph/graph.js';
import { EITHER_WAY, rewrite } from '../../graph/rewrite.js';

export function fuseAddends(graph: Graph): Graph {
  const uses = usesOf(graph);
  return rewrite(graph, (node, was, rewriter) => {
    if (node.kernel !== 'Add') return undefined;
    for (const [side, other] of EITHER_WAY) {
      const product = productBehind(inputOf(was, side), uses);
      const addend = inputOf(node, other);
      if (!product || addend.dtype !== 'float32' || !sameShape(addend.shape, inputOf(node, side).shape))
        continue;
      const [a, b] = ['a', 'b'].map((name) => rewriter.current(inputOf(product, name))) as [Value, Value];
      const attributes = { ...product.attributes, activation: 'linear' };
      return [rewriter.add('_FusedMatMul', { a, b, bias: addend }, attributes, node.outputs[0]!)];
    }
    return undefined;
  });
}

/** The one product of matrices that makes `value` and has no other reader, perhaps with an axis of length 1 dropped. */
function productBehind(value: Value, uses: Uses): GraphNode | undefined {
  for (let inner = value; onlyReader(uses, inner); ) {
    const node = producer(inner);
    if (node?.kernel === 'BatchMatMul')
      return sizeOf(node.outputs[0]!.shape.slice(0, -2)) === 1 ? node : undefined;
    const input = node?.kernel === 'Reshape' ? inputOf(node, 'x') : undefined;
    if (!input || !sameShape(input.shape.slice(-2), inner.shape.slice(-2))) return undefined;
    inner = input;
  }
  return undefined;
}
