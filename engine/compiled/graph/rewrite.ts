/** Goes through a graph in order and replaces values; all passes are written with it. */
import { type Attributes, createNode, type Graph, type GraphNode, sizeOf, type Value } from './graph.js';

export interface Rewriter {
  /** Adds a node with one output of this shape and dtype before the one in hand. */
  add(
    kernel: string,
    inputs: Record<string, Value>,
    attributes: Attributes,
    like: Pick<Value, 'shape' | 'dtype'>,
  ): Value;
  /** What a value of the graph as it was has become. */
  current(value: Value): Value;
}

/** The operands of a sum, in both orders. */
export const EITHER_WAY = [
  ['a', 'b'],
  ['b', 'a'],
] as const;

/**
 * @param visit gets each node with its inputs replaced already, and as it was; returns what stands for its
 *   outputs from now on, or undefined to keep the node
 */
export function rewrite(
  graph: Graph,
  visit: (node: GraphNode, was: GraphNode, rewriter: Rewriter) => readonly Value[] | undefined,
): Graph {
  const nodes: GraphNode[] = [];
  const replaced = new Map<Value, Value>();
  const current = (value: Value): Value => replaced.get(value) ?? value;
  const rewriter: Rewriter = {
    add(kernel, inputs, attributes, { shape, dtype }) {
      const node = createNode(kernel, inputs, attributes, [{ shape, dtype }]);
      nodes.push(node);
      return node.outputs[0]!;
    },
    current,
  };
  for (const was of graph.nodes) {
    const node = withInputs(was, current);
    const outputs = visit(node, was, rewriter);
    if (!outputs) nodes.push(node);
    for (const [i, value] of was.outputs.entries()) {
      const now = (outputs ?? node.outputs)[i]!;
      if (sizeOf(now.shape) !== sizeOf(value.shape)) {
        throw new Error(`a pass replaced ${was.kernel} [${value.shape}] by [${now.shape}]`);
      }
      if (now !== value) replaced.set(value, now);
    }
  }
  return { nodes, outputs: graph.outputs.map(({ name, value }) => ({ name, value: current(value) })) };
}

/** The node itself where nothing changes. */
function withInputs(node: GraphNode, current: (value: Value) => Value): GraphNode {
  const entries = Object.entries(node.inputs);
  if (entries.every(([, value]) => current(value) === value)) return node;
  const inputs = Object.fromEntries(entries.map(([name, value]) => [name, current(value)]));
  return createNode(node.kernel, inputs, node.attributes, node.outputs);
}
