/**
 * The gradient of ReLU as one kernel, `ReluGradient(dy, z)`: dy where z > 0, else 0. TF.js writes it as a
 * product of dy with Step(z).
 */
import { type Graph, inputOf, producer, sameShape, type Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';

export function recognizeReluGradients(graph: Graph): Graph {
  return rewrite(graph, (node, _, rewriter) => {
    if (node.kernel !== 'Multiply') return undefined;
    const [a, b] = [inputOf(node, 'a'), inputOf(node, 'b')];
    for (const [step, dy] of [
      [b, a],
      [a, b],
    ] as const) {
      const z = steppedOn(step);
      if (!z || !sameShape(z.shape, dy.shape) || dy.dtype !== 'float32') continue;
      return [rewriter.add('ReluGradient', { dy, z }, {}, dy)];
    }
    return undefined;
  });
}

/** z, where `value` is 1 for z > 0 and 0 elsewhere. */
function steppedOn(value: Value): Value | undefined {
  const cast = producer(value, 'Cast');
  const step = producer(cast ? inputOf(cast, 'x') : value, 'Step');
  return step && !step.attributes.alpha ? inputOf(step, 'x') : undefined;
}
