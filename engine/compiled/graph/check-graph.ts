/**
 * Checks a graph that a coordinator serves before anything is made of it: that it is one, and that none of its values,
 * nor all that must be held at once, is more than a machine has. What a kernel really makes follows from its inputs
 * and attributes, which bound it from above: what the graph says about its outputs is not believed.
 */
import * as z from 'zod';
import {
  type Attributes,
  type Graph,
  type GraphNode,
  inputsOf,
  type Shape,
  sizeOf,
  type Value,
} from './graph.js';
import { loadGraph, type StoredGraph } from './graph-json.js';

/** Elements of one value: 1 GiB of float32. */
const MAX_ELEMENTS = 2 ** 28;
/** Elements of all that must be held at the same time. */
const MAX_HELD = 2 ** 30;
const MAX_NODES = 100_000;

const text = z.string().max(200);
const length = z.int().min(0).max(MAX_ELEMENTS);
const sized = {
  shape: z.array(length).max(8),
  dtype: z.enum(['float32', 'int32', 'bool', 'uint8']),
};
const reference = z
  .int()
  .min(0)
  .max(2 ** 31);
const list = z.array(z.number().nullable()).max(64);
const draw = z.object({
  distribution: z.enum(['uniform', 'normal']),
  offset: z.number(),
  scale: z.number(),
  seedIndex: z.int().min(0).max(100_000),
});

const graph = z.object({
  values: z
    .array(
      z.union([
        z.object({ input: text, ...sized }),
        z.object({ random: text, draw, ...sized }),
        z.object({ constant: z.array(z.number()), ...sized }),
      ]),
    )
    .max(MAX_NODES),
  nodes: z
    .array(
      z.object({
        kernel: text,
        inputs: z.record(text, reference),
        attributes: z.record(text, z.union([z.number(), z.string().max(200), z.boolean(), z.null(), list])),
        outputs: z.array(z.object(sized)).min(1).max(10_000),
      }),
    )
    .max(MAX_NODES),
  outputs: z.array(z.object({ name: text, value: reference })).max(MAX_NODES),
});

/** @throws Error naming what is wrong */
export function checkGraph(value: unknown): void {
  const result = graph.safeParse(value);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw new Error(`${path.join('.') || 'all of it'}: ${message}`);
  }
  const stored = result.data as unknown as StoredGraph;
  for (const leaf of stored.values) {
    const elements = sizeOf(leaf.shape);
    if (elements > MAX_ELEMENTS) throw new Error(`a value of ${elements} elements`);
    if ('constant' in leaf && ![1, elements].includes(leaf.constant.length))
      throw new Error(`a constant of ${leaf.constant.length} values for ${elements} elements`);
  }
  const loaded = loadGraph(stored);
  for (const node of loaded.nodes) {
    const elements = Math.max(made(node), ...node.outputs.map(({ shape }) => sizeOf(shape)));
    if (!(elements <= MAX_ELEMENTS)) throw new Error(`${node.kernel} makes ${elements} elements`);
  }
  const held = mostHeld(loaded);
  if (held > MAX_HELD) throw new Error(`${held} elements must be held at once`);
}

/** The most elements that are held at the same time, where each value is forgotten after its last reader. */
function mostHeld({ nodes, outputs }: Graph): number {
  const lastReader = new Map<Value, number>();
  for (const [at, node] of nodes.entries()) for (const value of inputsOf(node)) lastReader.set(value, at);
  for (const { value } of outputs) lastReader.set(value, nodes.length);
  let held = 0;
  for (const value of lastReader.keys()) if (value.source.kind !== 'node') held += sizeOf(value.shape);
  let most = held;
  for (const [at, node] of nodes.entries()) {
    for (const { shape } of node.outputs) held += sizeOf(shape);
    most = Math.max(most, held);
    const over = new Set(inputsOf(node).filter((value) => lastReader.get(value) === at));
    for (const { shape } of over) held -= sizeOf(shape);
    for (const value of node.outputs) if (!lastReader.has(value)) held -= sizeOf(value.shape);
  }
  return most;
}

type Bound = (shapes: Record<string, Shape>, attributes: Attributes, output: Shape) => number;

const numbers = (attributes: Attributes, name: string): readonly number[] => {
  const value = attributes[name];
  return Array.isArray(value) ? value.map(Math.abs) : [];
};
const all = (shapes: Record<string, Shape>) => Object.values(shapes);
const total = (shapes: Record<string, Shape>) => all(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0);

/** Elements of the result when these shapes are broadcast to each other. */
const broadcast = (shapes: Record<string, Shape>): number => {
  const rank = Math.max(0, ...all(shapes).map(({ length }) => length));
  return sizeOf(
    Array.from({ length: rank }, (_, axis) =>
      Math.max(...all(shapes).map((shape) => shape[shape.length - rank + axis] ?? 1)),
    ),
  );
};

const matrices: Bound = ({ a = [], b = [] }, { transposeA, transposeB }) =>
  broadcast({ a: a.slice(0, -2), b: b.slice(0, -2) }) *
  (a.at(transposeA ? -1 : -2) ?? 1) *
  (b.at(transposeB ? -2 : -1) ?? 1);

/** Places of a window, of which there are at most so many as strides fit into the padded image. */
const windows = (image: Shape, attributes: Attributes): number => {
  const [pads, strides] = [numbers(attributes, 'pads'), numbers(attributes, 'strides')];
  const along = (axis: number) =>
    Math.ceil(((image[axis + 1] ?? 1) + (pads[axis] ?? 0) + (pads[axis + 2] ?? 0)) / (strides[axis] || 1));
  return (image[0] ?? 1) * along(0) * along(1);
};

const convolution: Bound = ({ x = [], filter = [] }, attributes) =>
  windows(x, attributes) * sizeOf(filter.slice(3));
const depthwise: Bound = ({ x = [], filter = [] }, attributes) =>
  windows(x, attributes) * sizeOf(filter.slice(2));
const pooling: Bound = ({ x = [] }, attributes) => windows(x, attributes) * (x[3] ?? 1);

/** The image that windows were laid on, by where they lie. */
const image: Bound = ({ dy = [], filter = [] }, attributes) => {
  const [strides, dilations] = [numbers(attributes, 'strides'), numbers(attributes, 'dilations')];
  const along = (axis: number) =>
    (dy[axis + 1] ?? 1) * (strides[axis] || 1) + (filter[axis] ?? 1) * (dilations[axis] || 1);
  return (dy[0] ?? 1) * along(0) * along(1) * (filter[2] ?? 1);
};

/** Kernels that make more than their inputs, stretched to each other, have elements. */
const BOUNDS: Readonly<Record<string, Bound>> = {
  BatchMatMul: matrices,
  _FusedMatMul: matrices,
  Conv2D: convolution,
  FusedConv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
  MaxPool: pooling,
  AvgPool: pooling,
  Conv2DBackpropInput: image,
  DepthwiseConv2dNativeBackpropInput: image,
  // Of these the graph's own word decides, and is held to the bound.
  ...Object.fromEntries(
    ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter', 'UnsortedSegmentSum'].map((name) => [
      name,
      total,
    ]),
  ),
  Concat: total,
  Pack: total,
  GatherV2: ({ x = [], indices = [] }, { axis }) => (sizeOf(x) / (x[Number(axis)] || 1)) * sizeOf(indices),
  OneHot: ({ indices = [] }, _attributes, output) => sizeOf(indices) * (output.at(-1) ?? 1),
  Tile: ({ x = [] }, attributes) => sizeOf(x) * sizeOf(numbers(attributes, 'reps')),
  PadV2: ({ x = [] }, attributes) => {
    const [before, after] = [numbers(attributes, 'before'), numbers(attributes, 'after')];
    return sizeOf(x.map((own, axis) => own + (before[axis] ?? 0) + (after[axis] ?? 0)));
  },
};

/** What the kernel makes, at most. */
function made({ kernel, inputs, attributes, outputs }: GraphNode): number {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  return (BOUNDS[kernel] ?? broadcast)(shapes, attributes, outputs[0]!.shape);
}
