/** Fuses a normalization with the value of the same shape that a residual network adds to it. */
import { type Graph, inputOf, onlyReader, producer, sameShape, usesOf } from '../../graph/graph.js';
import { EITHER_WAY, rewrite } from '../../graph/rewrite.js';

export function fuseResiduals(graph: Graph): Graph {
  const uses = usesOf(graph);
  return rewrite(graph, (node, was, rewriter) => {
    if (node.kernel !== 'Add') return undefined;
    for (const [side, other] of EITHER_WAY) {
      const value = inputOf(was, side);
      const norm = producer(inputOf(node, side), 'FusedBatchNorm');
      if (!norm || norm.inputs.residual || norm.attributes.activation || !onlyReader(uses, value)) continue;
      const residual = inputOf(node, other);
      if (!sameShape(residual.shape, value.shape) || residual.dtype !== 'float32') continue;
      return [rewriter.add('FusedBatchNorm', { ...norm.inputs, residual }, norm.attributes, value)];
    }
    return undefined;
  });
}
