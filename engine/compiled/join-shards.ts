/**
 * Joins the graphs of several shards into one, in which their gradients are added over the tree of shared/numerics/tree.ts: left +
 * right in float32, as `compute-node.ts` does. The bits are the same, since each shard keeps its own operators;
 * what is saved is handing the weights in and the gradients out once for each shard, and adding them outside.
 */
import { createNode, type Graph, type GraphNode, type Output, sizeOf, type Value } from './graph/graph.js';

/** Names of what a shard has for itself end in it and the shard's number. */
const OF_SHARD = '@';

export const nameOfShard = (name: string, shard: number): string => `${name}${OF_SHARD}${shard}`;

/** `x@2` is x of shard 2; what all shards share, as weights, has no shard. */
export function shardOf(name: string): { name: string; shard: number } {
  const [own, shard = '0'] = name.split(OF_SHARD);
  return { name: own!, shard: Number(shard) };
}

/** Values that the graph's nodes make. */
export const intermediateElements = ({ nodes }: Graph): number =>
  nodes.reduce((sum, { outputs }) => sum + outputs.reduce((all, { shape }) => all + sizeOf(shape), 0), 0);

/** @param graphs of the gradient, as they are lowered: no pass may see the sums, since one might fuse them */
export function joinShards(graphs: readonly Graph[]): Graph {
  const nodes: GraphNode[] = [];
  const shared = new Map<string, Value>();
  const parts = graphs.map((graph, shard) => copyOf(graph, shard, nodes, shared));
  const outputs = parts[0]!.flatMap(({ name, value }): Output[] => {
    const values = parts.map((part) => part.find((output) => output.name === name)!.value);
    if (name === 'loss' || name === 'metric')
      return values.map((value, shard) => ({ name: nameOfShard(name, shard), value }));
    return [{ name, value: values.length === 1 ? value : sumOf(values, nodes) }];
  });
  return { nodes, outputs };
}

/** Adds the values over the tree: halves first. */
function sumOf(values: readonly Value[], nodes: GraphNode[]): Value {
  if (values.length === 1) return values[0]!;
  const [a, b] = [values.slice(0, values.length / 2), values.slice(values.length / 2)].map((half) =>
    sumOf(half, nodes),
  ) as [Value, Value];
  const node = createNode('Add', { a, b }, {}, [{ shape: a.shape, dtype: a.dtype }]);
  nodes.push(node);
  return node.outputs[0]!;
}

/** Writes the nodes of `graph` to `nodes`, with inputs of the shard's own; weights are the same for all. */
function copyOf(graph: Graph, shard: number, nodes: GraphNode[], shared: Map<string, Value>): Output[] {
  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    const known = copies.get(value);
    if (known) return known;
    const { source } = value;
    if (source.kind === 'constant') return value;
    if (source.kind === 'node') throw new Error(`${source.node.kernel} is read before it is computed`);
    const isWeight = source.kind === 'input' && source.name.startsWith('weight:');
    const name = isWeight ? source.name : nameOfShard(source.name, shard);
    const own = shared.get(name) ?? { ...value, source: { ...source, name } };
    shared.set(name, own);
    copies.set(value, own);
    return own;
  };
  for (const node of graph.nodes) {
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [name, copy(value)]),
    );
    const twin = createNode(node.kernel, inputs, node.attributes, node.outputs);
    for (const [i, value] of node.outputs.entries()) copies.set(value, twin.outputs[i]!);
    nodes.push(twin);
  }
  return graph.outputs.map(({ name, value }) => ({ name, value: copy(value) }));
}
