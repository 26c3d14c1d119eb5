/**
 * Removes the computation of pixels that nothing reads. Pooling windows of 2x2 leave out the last row and column of an image
 * of odd size: the convolution before need not compute them, nor does it need the inputs of those pixels, and so
 * on to the model's input. Their gradients are zeros, which need not be added up.
 *
 * It crops only unpadded values without another reader: cropping then changes sizes and nothing else, and
 * no image but the model's input is copied for it.
 */
import {
  createNode,
  type Graph,
  type GraphNode,
  inputOf,
  producer,
  type Shape,
  type Value,
} from '../graph/graph.js';

/** Height and width. */
type Extent = readonly [number, number];

/** Kernels that slide a window over an image: the names of images that it reads, and of those it makes of it. */
const WINDOWS: Readonly<Record<string, { wide: readonly string[]; narrow: readonly string[] }>> = {
  Conv2D: { wide: ['x'], narrow: ['result'] },
  FusedConv2D: { wide: ['x'], narrow: ['result'] },
  MaxPool: { wide: ['x'], narrow: ['result'] },
  MaxPoolGrad: { wide: ['input', 'result'], narrow: ['dy', 'output'] },
  Conv2DBackpropInput: { wide: ['result'], narrow: ['dy'] },
  Conv2DBackpropFilter: { wide: ['x'], narrow: ['dy'] },
};

export function cropUnread(graph: Graph): Graph {
  const supports = supportsOf(graph);
  const extents = new Map<Value, Extent>();
  const { needs, whole } = needsOf(graph, supports);
  for (const [value, need] of needs) {
    const extent = least(need, supports.get(value) ?? extentOf(value));
    if (isResizable(value) && !whole.has(value) && !isSame(extent, extentOf(value)))
      extents.set(value, extent);
  }
  return extents.size === 0 ? graph : (cropped(graph, extents) ?? graph);
}

/** Outside of which extent a gradient is zero. */
function supportsOf({ nodes }: Graph): Map<Value, Extent> {
  const supports = new Map<Value, Extent>();
  for (const node of nodes) {
    const { dy } = node.inputs;
    const [result] = node.outputs;
    if (!dy || !result || !isImage(dy) || !isImage(result)) continue;
    const support = supports.get(dy) ?? extentOf(dy);
    if (node.kernel === 'ReluGradient') supports.set(result, support);
    else if (hasWindow(node) && makesImage(node))
      supports.set(result, least(readBy(node, support), extentOf(result)));
  }
  return supports;
}

interface Needs {
  /** The extent of an image that is read. */
  needs: ReadonlyMap<Value, Extent>;
  /** Those that somebody reads who would miss what is cut off, zeros or not. */
  whole: ReadonlySet<Value>;
}

function needsOf({ nodes, outputs }: Graph, supports: ReadonlyMap<Value, Extent>): Needs {
  const needs = new Map<Value, Extent>();
  const whole = new Set(outputs.map(({ value }) => value).filter(isImage));
  const need = (value: Value, extent: Extent) => {
    if (!isImage(value)) return;
    const [height, width] = needs.get(value) ?? [0, 0];
    needs.set(value, least([Math.max(height, extent[0]), Math.max(width, extent[1])], extentOf(value)));
  };
  const support = (value: Value) => supports.get(value) ?? extentOf(value);
  for (const value of whole) need(value, extentOf(value));
  for (const node of [...nodes].reverse()) {
    const { dy } = node.inputs;
    const [result] = node.outputs;
    const wanted = needs.get(result!) ?? [0, 0];
    for (const [name, value] of Object.entries(node.inputs)) {
      if (!isImage(value)) continue;
      if (hasWindow(node) && isWindowed(node, name)) {
        const narrow = dy ? support(dy) : wanted;
        need(value, WINDOWS[node.kernel]!.wide.includes(name) ? readBy(node, narrow) : narrow);
      } else if (node.kernel === 'ReluGradient') need(value, least(wanted, support(result!)));
      else if (addsUpImages(node)) need(value, support(value));
      else {
        need(value, extentOf(value));
        whole.add(value);
      }
    }
  }
  return { needs, whole };
}

/** The graph with smaller images; undefined if one that is computed would have to be copied. */
function cropped(graph: Graph, extents: ReadonlyMap<Value, Extent>): Graph | undefined {
  const nodes: GraphNode[] = [];
  const replaced = new Map<Value, Value>();
  const current = (value: Value) => replaced.get(value) ?? value;
  const crops = new Map<string, Value>();
  const crop = (value: Value, extent: Extent): Value => {
    const key = `${nodes.findIndex(({ outputs }) => outputs.includes(value))} ${nameOf(value)} ${extent}`;
    const known = crops.get(key);
    if (known) return known;
    const like = { shape: resized(value.shape, extent), dtype: value.dtype };
    const node = createNode('Slice', { x: value }, { begin: [0, 0, 0, 0] }, [like]);
    nodes.push(node);
    crops.set(key, node.outputs[0]!);
    return node.outputs[0]!;
  };
  for (const node of graph.nodes) {
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [name, current(value)]),
    );
    const outputs = node.outputs.map((value) => {
      const extent = extents.get(value);
      return extent ? { ...value, shape: resized(value.shape, extent) } : value;
    });
    const images: Record<string, Value> = { ...inputs, result: outputs[0]! };
    if (hasWindow(node)) {
      const { wide, narrow } = WINDOWS[node.kernel]!;
      const [extent, ...others] = narrow.map((name) => extentOf(images[name]!)) as [Extent, ...Extent[]];
      if (!others.every((other) => isSame(other, extent))) return undefined;
      for (const name of wide) {
        if (isSame(madeOf(node, extentOf(images[name]!)), extent)) continue;
        if (name === 'result' || isResizable(inputOf(node, name))) return undefined;
        inputs[name] = images[name] = crop(inputs[name]!, readBy(node, extent));
      }
      if (!wide.every((name) => isSame(extentOf(images[name]!), extentOf(images[wide[0]!]!))))
        return undefined;
    } else if (node.kernel === 'ReluGradient' && isImage(outputs[0]!)) {
      if (!['dy', 'z'].every((name) => isSame(extentOf(images[name]!), extentOf(outputs[0]!))))
        return undefined;
    }
    const now = createNode(node.kernel, inputs, node.attributes, outputs);
    nodes.push(now);
    for (const [i, value] of node.outputs.entries()) replaced.set(value, now.outputs[i]!);
  }
  return { nodes, outputs: graph.outputs.map(({ name, value }) => ({ name, value: current(value) })) };
}

const isImage = ({ shape }: Pick<Value, 'shape'>): boolean => shape.length === 4;
const extentOf = ({ shape }: Pick<Value, 'shape'>): Extent => [shape[1]!, shape[2]!];
const least = (a: Extent, b: Extent): Extent => [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
const isSame = (a: Extent, b: Extent): boolean => a[0] === b[0] && a[1] === b[1];
const resized = (shape: Shape, [height, width]: Extent): Shape => [shape[0]!, height, width, shape[3]!];
const nameOf = ({ source }: Value): string => ('name' in source ? source.name : '');

/** A kernel that slides a window over an image without padding. */
const hasWindow = ({ kernel, attributes }: GraphNode): boolean =>
  kernel in WINDOWS && (attributes.pads as readonly number[]).every((pad) => pad === 0);

/** The gradient of a filter has four axes too, and is none. */
const makesImage = (node: GraphNode): boolean => isWindowed(node, 'result');

const isWindowed = ({ kernel }: GraphNode, name: string): boolean =>
  WINDOWS[kernel]!.wide.includes(name) || WINDOWS[kernel]!.narrow.includes(name);

/** What is made in another size without more ado. */
function isResizable(value: Value): boolean {
  const node = producer(value);
  if (!node || !isImage(value)) return false;
  return node.kernel === 'ReluGradient' || (hasWindow(node) && makesImage(node));
}

const addsUpImages = ({ kernel, attributes }: GraphNode): boolean =>
  kernel === 'Sum' && (attributes.axes as readonly number[]).join() === '0,1,2';

/** How far the windows of a result of that extent reach. */
function readBy(node: GraphNode, extent: Extent): Extent {
  const read = (axis: 0 | 1) =>
    extent[axis] === 0 ? 0 : (extent[axis] - 1) * stride(node, axis) + reach(node, axis);
  return [read(0), read(1)];
}

/** The extent of what windows over an image of that extent give. */
function madeOf(node: GraphNode, extent: Extent): Extent {
  const made = (axis: 0 | 1) =>
    Math.max(0, Math.floor((extent[axis] - reach(node, axis)) / stride(node, axis)) + 1);
  return [made(0), made(1)];
}

const numbers = ({ attributes }: GraphNode, name: string) => attributes[name] as readonly number[];
const stride = (node: GraphNode, axis: 0 | 1): number => numbers(node, 'strides')[axis]!;
const reach = (node: GraphNode, axis: 0 | 1): number =>
  (numbers(node, 'kernel')[axis]! - 1) * numbers(node, 'dilations')[axis]! + 1;
