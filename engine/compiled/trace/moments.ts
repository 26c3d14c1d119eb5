/** Recognizes a mean and a variance as those of a given value: the parts of batch and layer normalization. */
import { type GraphNode, inputOf, producer, sizeOf, type Value } from '../graph/graph.js';

const SHAPE_ONLY = ['Reshape', 'Tile', 'BroadcastTo', 'ExpandDims'];

/** What `value` is a mere reshaping or repetition of. */
export function withoutShape(value: Value): Value {
  let inner = value;
  for (;;) {
    const node = producer(inner);
    if (!node) return inner;
    const input = node.inputs.x ?? node.inputs.input;
    const isCopy = node.kernel === 'Cast' && input?.dtype === inner.dtype;
    if (!input || !(SHAPE_ONLY.includes(node.kernel) || isCopy)) return inner;
    inner = input;
  }
}

export type Normalized = 'all but the last axis' | 'the last axis';

/** The axes over which `mean` and `variance` are the moments of `x`; undefined if they are not. */
export function momentsOf(x: Value, mean: Value, variance: Value): Normalized | undefined {
  const own = withoutShape(x);
  const average = withoutShape(mean);
  const meanNode = producer(average, 'Mean');
  const varianceNode = producer(withoutShape(variance), 'Mean');
  if (!meanNode || !varianceNode || withoutShape(inputOf(meanNode, 'x')) !== own) return undefined;
  const square = squareOf(inputOf(varianceNode, 'x'));
  if (!square || withoutShape(square.a) !== own || withoutShape(square.b) !== average) return undefined;
  const axes = axesOf(meanNode);
  if (axesOf(varianceNode).join() !== axes.join()) return undefined;
  const rank = inputOf(meanNode, 'x').shape.length;
  const last = axes.includes(rank - 1);
  if (last && axes.length === 1) return sizeOf(mean.shape) === sizeOf(x.shape) ? 'the last axis' : undefined;
  if (!last && axes.length === rank - 1 && mean.shape.length === 1) return 'all but the last axis';
  return undefined;
}

const axesOf = (node: GraphNode): readonly number[] => node.attributes.axes as readonly number[];

/** `value` = (a - b)^2. */
function squareOf(value: Value): { a: Value; b: Value } | undefined {
  const node = producer(value);
  if (node?.kernel === 'SquaredDifference') return { a: inputOf(node, 'a'), b: inputOf(node, 'b') };
  const base = node?.kernel === 'Square' ? inputOf(node, 'x') : undefined;
  const twice =
    node?.kernel === 'Multiply' && node.inputs.a === node.inputs.b ? inputOf(node, 'a') : undefined;
  const difference = base ?? twice;
  const sub = difference && producer(difference, 'Sub');
  return sub && { a: inputOf(sub, 'a'), b: inputOf(sub, 'b') };
}
