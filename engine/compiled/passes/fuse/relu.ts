/**
 * Fuses a ReLU into the kernel before it if the value between them has no other reader. Its gradient may
 * look at either: y > 0 exactly where z > 0.
 */
import { type Graph, inputOf, producer, type Uses, usesOf, type Value } from '../../graph/graph.js';
import { rewrite } from '../../graph/rewrite.js';

const FUSED: Readonly<Record<string, string>> = {
  Conv2D: 'FusedConv2D',
  FusedConv2D: 'FusedConv2D',
  BatchMatMul: '_FusedMatMul',
  _FusedMatMul: '_FusedMatMul',
  FusedBatchNorm: 'FusedBatchNorm',
};

export function fuseRelus(graph: Graph): Graph {
  const uses = usesOf(graph);
  const fused = new Map<Value, Value>();
  return rewrite(graph, (node, was, rewriter) => {
    const [result] = was.outputs;
    const kernel = FUSED[node.kernel];
    const isLinear = (node.attributes.activation ?? 'linear') === 'linear';
    if (kernel && result && isLinear && isOnlyForRelu(result, uses)) {
      const y = rewriter.add(kernel, { ...node.inputs }, { ...node.attributes, activation: 'relu' }, result);
      fused.set(y, y);
      return [y];
    }
    if (node.kernel !== 'Relu') return undefined;
    const y = fused.get(inputOf(node, 'x'));
    return y && [y];
  });
}

function isOnlyForRelu(z: Value, { readers, kept }: Uses): boolean {
  const own = readers.get(z) ?? [];
  const isGate = (kernel: string, dy: Value | undefined) => kernel === 'ReluGradient' && dy !== z;
  return (
    !kept.has(z) &&
    own.some(({ kernel }) => kernel === 'Relu') &&
    own.every(({ kernel, inputs }) => kernel === 'Relu' || isGate(kernel, inputs.dy))
  );
}

/** Whether `value` comes from a kernel with a ReLU inside, or from a ReLU: it is at least 0. */
export function isRectified(value: Value): boolean {
  const node = producer(value);
  return node?.kernel === 'Relu' || node?.attributes.activation === 'relu';
}
