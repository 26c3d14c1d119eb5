/**
 * Recurrences on blocked channels. A product of few rows by a matrix spends most of its time on packing the matrix, anew
 * at each step; a convolution of blocked images takes the matrix as it lies, once it is blocked for the whole sequence.
 * So the rows of a step become the pixels of an image, with all that cuts, joins and computes between the products:
 * [steps * rows, units] becomes [steps, 1, rows, units].
 */
import {
  createNode,
  type Graph,
  type GraphNode,
  inputOf,
  inputsOf,
  producer,
  type Shape,
  sameShape,
  sizeOf,
  usesOf,
  type Value,
} from '../graph/graph.js';

/** Fewer products by one matrix are no recurrence. */
const LEAST_STEPS = 8;
/** A single row has a kernel of its own; with many rows a product costs more than packing does. */
const [LEAST_ROWS, MOST_ROWS] = [2, 64];
const ELEMENTWISE = ['Add', 'Sub', 'Multiply', 'Square', 'Tanh', 'Sigmoid', 'Relu', 'Neg'];

/** @param block channels in a block. @returns the graph itself where nothing is gained */
export function unrolledProducts(graph: Graph, block: number): Graph {
  const loops = loopProducts(graph, block);
  if (loops.length === 0) return graph;
  const rows = rowsOfSteps(graph, loops, block);
  const { nodes, outputs, moves } = rewritten(graph, rows, block);
  // Each move in or out of blocks costs about what a product gains.
  return 2 * moves > loops.length ? graph : { nodes, outputs };
}

/** Products of few rows by a matrix that many of them share. */
function loopProducts({ nodes }: Graph, block: number): GraphNode[] {
  const byMatrix = new Map<Value, GraphNode[]>();
  for (const node of nodes) {
    const rows = node.outputs[0]!.shape[0] ?? 0;
    if (rows < LEAST_ROWS || rows > MOST_ROWS || !isProduct(node, block)) continue;
    const matrix = inputOf(node, 'b');
    const known = byMatrix.get(matrix);
    if (known) known.push(node);
    else byMatrix.set(matrix, [node]);
  }
  return [...byMatrix.values()].filter(({ length }) => length >= LEAST_STEPS).flat();
}

/** Rows a step of each value that the loops reach through what can be done on blocked images. */
function rowsOfSteps(graph: Graph, loops: readonly GraphNode[], block: number): Map<Value, number> {
  const { readers } = usesOf(graph);
  const rows = new Map<Value, number>();
  const isLoop = new Set(loops);
  const waiting: Value[] = [];
  const reach = (node: GraphNode, own: number) => {
    const matrix = isLoop.has(node) ? node.inputs.b : undefined;
    for (const value of [...inputsOf(node), ...node.outputs]) {
      if (value === matrix || rows.has(value) || !isSteps(value, own, block)) continue;
      rows.set(value, own);
      waiting.push(value);
    }
  };
  for (const loop of loops) reach(loop, loop.outputs[0]!.shape[0]!);
  for (let value = waiting.pop(); value; value = waiting.pop()) {
    const own = rows.get(value)!;
    const around = [producer(value), ...(readers.get(value) ?? [])];
    for (const node of around)
      if (node && (isLoop.has(node) || isCarried(node, own, block))) reach(node, own);
  }
  return rows;
}

const isSteps = ({ shape, dtype }: Value, rows: number, block: number): boolean =>
  dtype === 'float32' && shape.length === 2 && shape[0]! % rows === 0 && shape[1]! % block === 0;

function isProduct({ kernel, attributes, inputs, outputs }: GraphNode, block: number): boolean {
  if (kernel !== 'BatchMatMul' && kernel !== '_FusedMatMul') return false;
  const { a, b, bias } = inputs as { a: Value; b: Value; bias?: Value };
  const [output] = outputs as [Value];
  const isFlat = [a, b, output].every(({ shape, dtype }) => shape.length === 2 && dtype === 'float32');
  if (!isFlat || attributes.transposeA === true || (attributes.activation ?? 'linear') !== 'linear')
    return false;
  const fits = a.shape[1]! % block === 0 && output.shape[1]! % block === 0;
  return fits && (!bias || sizeOf(bias.shape) === output.shape[1] || sameShape(bias.shape, output.shape));
}

/** Whether a node does to images of `rows` pixels what it does to rows. */
function isCarried(node: GraphNode, rows: number, block: number): boolean {
  const { kernel, attributes, outputs } = node;
  const [output] = outputs as [Value];
  const isOwn = (value: Value) => isSteps(value, rows, block);
  if (!outputs.every(isOwn)) return false;
  if (ELEMENTWISE.includes(kernel))
    return inputsOf(node).every(
      (value) => isNumber(value) || (isOwn(value) && sameShape(value.shape, output.shape)),
    );
  const isWhole = inputsOf(node).every(isOwn);
  if (kernel === 'Concat' || kernel === 'SplitV') return isWhole;
  if (kernel !== 'Slice') return false;
  const [row, column] = attributes.begin as readonly [number, number];
  return isWhole && row % rows === 0 && column % block === 0;
}

const isNumber = ({ shape, dtype }: Value): boolean => sizeOf(shape) === 1 && dtype === 'float32';

/** The graph with images in place of rows; `moves` counts what changes from one to the other. */
function rewritten(graph: Graph, rows: ReadonlyMap<Value, number>, block: number): Graph & { moves: number } {
  const nodes: GraphNode[] = [];
  const images = new Map<Value, Value>();
  const plain = new Map<Value, Value>();
  let moves = 0;
  const add = (...[kernel, inputs, attributes, outputs]: Parameters<typeof createNode>) => {
    const node = createNode(kernel, inputs, attributes, outputs);
    nodes.push(node);
    return node.outputs;
  };
  const move = (known: Map<Value, Value>, value: Value, from: Value, kernel: string, shape: Shape): Value => {
    const [moved] = add(kernel, { x: from }, {}, [{ shape, dtype: 'float32' }]) as [Value];
    moves++;
    known.set(value, moved);
    return moved;
  };
  const plainOf = (value: Value): Value => {
    const image = images.get(value);
    return plain.get(value) ?? (image ? move(plain, value, image, 'Reshape', value.shape) : value);
  };
  const imageOf = (value: Value, own: number): Value => {
    if (isNumber(value)) return plainOf(value);
    const known = images.get(value);
    // Loops of other rows may have it in images of theirs.
    if (known?.shape[2] === own) return known;
    return move(images, value, plainOf(value), 'EnterBlocks', imageShape(value.shape, own));
  };

  for (const node of graph.nodes) {
    const own = rows.get(node.outputs[0]!);
    const isBlocked = own !== undefined && (isProduct(node, block) || isCarried(node, own, block));
    if (!isBlocked) {
      const made = add(node.kernel, mapped(node.inputs, plainOf), node.attributes, node.outputs);
      for (const [i, value] of node.outputs.entries()) plain.set(value, made[i]!);
      continue;
    }
    const like = node.outputs.map(({ shape }) => ({
      shape: imageShape(shape, own),
      dtype: 'float32' as const,
    }));
    const made = isProduct(node, block)
      ? add(
          'BlockedProduct',
          factors(node, plainOf, (value) => imageOf(value, own)),
          { transposeB: node.attributes.transposeB === true },
          like,
        )
      : add(
          node.kernel,
          mapped(node.inputs, (value) => imageOf(value, own)),
          ofImages(node, own),
          like,
        );
    for (const [i, value] of node.outputs.entries()) images.set(value, made[i]!);
  }
  return {
    nodes,
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: plainOf(value) })),
    moves,
  };
}

type Change = (value: Value) => Value;

/** The inputs of a product of images: what is added is a vector or an image too. */
function factors({ inputs, outputs }: GraphNode, plainOf: Change, imageOf: Change): Record<string, Value> {
  const { a, b, bias } = inputs as { a: Value; b: Value; bias?: Value };
  const both = { a: imageOf(a), b: plainOf(b) };
  if (!bias) return both;
  return sameShape(bias.shape, outputs[0]!.shape)
    ? { ...both, addend: imageOf(bias) }
    : { ...both, bias: plainOf(bias) };
}

const imageShape = ([all, units]: Shape, rows: number): number[] => [all! / rows, 1, rows, units!];

const mapped = (inputs: GraphNode['inputs'], change: Change): Record<string, Value> =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, change(value)]));

/** The attributes of a node that works on images: steps are the first axis, units the last. */
function ofImages({ kernel, attributes, outputs }: GraphNode, rows: number): GraphNode['attributes'] {
  if (kernel === 'Concat' || kernel === 'SplitV')
    return { ...attributes, axis: attributes.axis === 0 ? 0 : 3 };
  if (kernel !== 'Slice') return attributes;
  const [row, column] = attributes.begin as readonly [number, number];
  const size = imageShape(outputs[0]!.shape, rows);
  return { ...attributes, begin: [row / rows, 0, 0, column], size };
}
