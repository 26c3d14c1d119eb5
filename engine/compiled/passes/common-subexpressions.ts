/** Eliminates common subexpressions: nodes of the same kernel, inputs and attributes, and equal constants. */
import type { Graph, GraphNode, Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';

/** Constants with more elements are compared by identity alone. */
const COMPARED_ELEMENTS = 4096;

export function withoutCommonSubexpressions(graph: Graph): Graph {
  const names = new Map<Value | string, number>();
  const nameOf = (value: Value): number => {
    const { source, shape, dtype } = value;
    const isSmall = source.kind === 'constant' && source.values.length <= COMPARED_ELEMENTS;
    const key = isSmall ? `${dtype} ${shape}: ${source.values}` : value;
    const known = names.get(key);
    if (known !== undefined) return known;
    names.set(key, names.size);
    return names.size - 1;
  };
  const seen = new Map<string, GraphNode>();
  return rewrite(graph, (node) => {
    const inputs = Object.entries(node.inputs).map(([name, value]) => `${name}=${nameOf(value)}`);
    const shapes = node.outputs.map(({ shape, dtype }) => `${dtype} ${shape}`);
    const key = [node.kernel, ...inputs, ...shapes, JSON.stringify(node.attributes)].join('|');
    const twin = seen.get(key);
    if (!twin) seen.set(key, node);
    return twin?.outputs;
  });
}
