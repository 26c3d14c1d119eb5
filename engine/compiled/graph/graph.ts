/**
 * A traced computation as a small typed graph: kernels of TF.js by their names, in an order in which they can
 * run. Knows neither TF.js nor ONNX; values are immutable, and shapes are all known.
 */

export type Dtype = 'float32' | 'int32' | 'bool' | 'uint8';
export type Shape = readonly number[];
export type Values = Float32Array | Int32Array | Uint8Array;

/** Numbers that TF.js draws at random while it computes; see `random.ts`. */
export interface RandomDraw {
  distribution: 'uniform' | 'normal';
  /** A value is `offset + scale * drawn`. */
  offset: number;
  scale: number;
  /** Which of the step's seeds starts the stream. */
  seedIndex: number;
}

export type Source =
  | { kind: 'input'; name: string }
  | { kind: 'random'; name: string; draw: RandomDraw }
  /** One value stands for all elements, or there is one for each. */
  | { kind: 'constant'; values: Values }
  | { kind: 'node'; node: GraphNode };

export interface Value {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly source: Source;
}

export type Attribute = number | string | boolean | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  readonly kernel: string;
  /** Inputs by TF.js's names; a list has the keys 0, 1, 2 and so on. */
  readonly inputs: Readonly<Record<string, Value>>;
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

export interface Output {
  name: string;
  value: Value;
}

export interface Graph {
  nodes: readonly GraphNode[];
  outputs: readonly Output[];
}

export { sizeOf } from '../../../shared/numerics/shape.js';

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis]);

export const inputsOf = (node: GraphNode): Value[] => Object.values(node.inputs);

/** The input of that name. @throws if the kernel has none: the caller then knows the kernel wrongly */
export function inputOf(node: GraphNode, name: string): Value {
  const value = node.inputs[name];
  if (!value) throw new Error(`${node.kernel} has no input ${name}`);
  return value;
}

/** A node whose outputs have these shapes and dtypes. */
export function createNode(
  kernel: string,
  inputs: Record<string, Value>,
  attributes: Attributes,
  outputs: readonly { shape: Shape; dtype: Dtype }[],
): GraphNode {
  const node: { -readonly [K in keyof GraphNode]: GraphNode[K] } = {
    kernel,
    inputs,
    attributes,
    outputs: [],
  };
  node.outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype, source: { kind: 'node', node } }));
  return node;
}

export function constantOf(values: Values, shape: Shape, dtype: Dtype): Value {
  return { shape, dtype, source: { kind: 'constant', values } };
}

/** All elements equal `value`. */
export function splatOf(value: number, shape: Shape, dtype: Dtype): Value {
  return constantOf(arrayOf(dtype, [value]), shape, dtype);
}

export function arrayOf(dtype: Dtype, values: Iterable<number>): Values {
  if (dtype === 'float32') return Float32Array.from(values);
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}

/** The one value that all elements of a constant have; undefined if they differ or it is no constant. */
export function splatValue({ source }: Value): number | undefined {
  if (source.kind !== 'constant') return undefined;
  const [first] = source.values;
  return source.values.every((value) => value === first) ? first : undefined;
}

/** The node that makes `value`, if it is of that kernel. */
export function producer(value: Value, kernel?: string): GraphNode | undefined {
  if (value.source.kind !== 'node') return undefined;
  const { node } = value.source;
  return kernel === undefined || node.kernel === kernel ? node : undefined;
}

/** The nodes that read each value, in order. Outputs of the graph are in `kept`. */
export interface Uses {
  readers: ReadonlyMap<Value, readonly GraphNode[]>;
  kept: ReadonlySet<Value>;
}

export function usesOf(graph: Graph): Uses {
  const readers = new Map<Value, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const value of new Set(inputsOf(node))) {
      const known = readers.get(value);
      if (known) known.push(node);
      else readers.set(value, [node]);
    }
  }
  return { readers, kept: new Set(graph.outputs.map(({ value }) => value)) };
}

/** The only reader of `value`, if there is one and the value is no output of the graph. */
export function onlyReader({ readers, kept }: Uses, value: Value): GraphNode | undefined {
  const found = readers.get(value);
  return found?.length === 1 && !kept.has(value) ? found[0] : undefined;
}
