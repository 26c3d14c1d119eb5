/** Writes and reads graphs as JSON: the coordinator serves them, and each worker lowers them for its own target. */
import {
  type Attributes,
  arrayOf,
  createNode,
  type Dtype,
  type Graph,
  type RandomDraw,
  type Shape,
  type Value,
} from './graph.js';

/** The value's place in the list of all: first `values`, then the outputs of node 0, of node 1 and so on. */
type Reference = number;

type StoredValue =
  | { input: string; shape: Shape; dtype: Dtype }
  | { random: string; draw: RandomDraw; shape: Shape; dtype: Dtype }
  | { constant: number[]; shape: Shape; dtype: Dtype };

interface StoredNode {
  kernel: string;
  inputs: Record<string, Reference>;
  attributes: Attributes;
  outputs: { shape: Shape; dtype: Dtype }[];
}

export interface StoredGraph {
  values: StoredValue[];
  nodes: StoredNode[];
  outputs: { name: string; value: Reference }[];
}

export function storeGraph(graph: Graph): StoredGraph {
  const leaves: Value[] = [];
  const places = new Map<Value, Reference>();
  const visit = (value: Value) => {
    if (value.source.kind === 'node' || places.has(value)) return;
    places.set(value, leaves.length);
    leaves.push(value);
  };
  for (const node of graph.nodes) for (const value of Object.values(node.inputs)) visit(value);
  for (const { value } of graph.outputs) visit(value);
  let next = leaves.length;
  for (const node of graph.nodes) for (const value of node.outputs) places.set(value, next++);
  return {
    values: leaves.map(storeLeaf),
    nodes: graph.nodes.map(({ kernel, inputs, attributes, outputs }) => ({
      kernel,
      inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, places.get(value)!])),
      attributes,
      outputs: outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: places.get(value)! })),
  };
}

/** @throws RangeError if a node reads a value that comes later or not at all */
export function loadGraph(stored: StoredGraph): Graph {
  const values: Value[] = stored.values.map(({ shape, dtype, ...leaf }) => {
    if ('input' in leaf) return { shape, dtype, source: { kind: 'input', name: leaf.input } };
    if ('random' in leaf)
      return { shape, dtype, source: { kind: 'random', name: leaf.random, draw: leaf.draw } };
    return { shape, dtype, source: { kind: 'constant', values: arrayOf(dtype, leaf.constant) } };
  });
  const at = (reference: Reference): Value => {
    const value = values[reference];
    if (!value) throw new RangeError(`the graph has no value ${reference}`);
    return value;
  };
  const nodes = stored.nodes.map(({ kernel, inputs, attributes, outputs }) => {
    const read = Object.fromEntries(Object.entries(inputs).map(([name, place]) => [name, at(place)]));
    const node = createNode(kernel, read, attributes, outputs);
    values.push(...node.outputs);
    return node;
  });
  return { nodes, outputs: stored.outputs.map(({ name, value }) => ({ name, value: at(value) })) };
}

function storeLeaf({ shape, dtype, source }: Value): StoredValue {
  switch (source.kind) {
    case 'input':
      return { input: source.name, shape, dtype };
    case 'random':
      return { random: source.name, draw: source.draw, shape, dtype };
    case 'constant':
      return { constant: Array.from(source.values), shape, dtype };
    case 'node':
      throw new Error('a node makes this value: it is no leaf');
  }
}
