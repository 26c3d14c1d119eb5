/** Small graphs for tests of passes. */
import {
  type Attributes,
  createNode,
  type Dtype,
  type Graph,
  type GraphNode,
  inputsOf,
  type Value,
} from '../../../engine/compiled/graph/graph.js';

export const input = (name: string, shape: number[], dtype: Dtype = 'float32'): Value => ({
  shape,
  dtype,
  source: { kind: 'input', name },
});

/** Collects nodes in the order in which they are made. */
export class GraphMaker {
  readonly nodes: GraphNode[] = [];

  node(
    kernel: string,
    inputs: Record<string, Value>,
    shape: number[],
    attributes: Attributes = {},
    dtype: Dtype = 'float32',
  ): Value {
    const node = createNode(kernel, inputs, attributes, [{ shape, dtype }]);
    this.nodes.push(node);
    return node.outputs[0]!;
  }

  graph(outputs: Record<string, Value>): Graph {
    return { nodes: this.nodes, outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })) };
  }
}

/** The value of an output as text: `Add(x, Neg(y))`. */
export function textOf({ outputs }: Graph, name = 'y'): string {
  const describe = ({ source, shape }: Value): string => {
    if (source.kind === 'constant')
      return source.values.length === 1 ? String(source.values[0]) : `[${source.values}]`;
    if (source.kind !== 'node') return source.name;
    const { node } = source;
    const active = node.attributes.activation === 'relu' ? ' relu' : '';
    const lengths = ['Reshape', 'BroadcastTo'].includes(node.kernel) ? ` to ${shape}` : '';
    return `${node.kernel}${active}${lengths}(${inputsOf(node).map(describe).join(', ')})`;
  };
  return describe(outputs.find((output) => output.name === name)!.value);
}
