/** Cuts and joins blocked images between images, or between whole blocks of channels, without leaving the blocks. */
import { type GraphNode, inputOf, inputsOf, sameShape, type Value } from '../../graph/graph.js';
import type { Lowering } from '../lowering.js';
import { numberOf, numbersOf, outputOf } from '../rule.js';

/** Where the axes of images and of channels stand in a blocked image; between pixels nothing is cut. */
const BLOCKED_AXIS: Readonly<Record<number, number>> = { 0: 0, 3: 1 };

/** @returns false, and does nothing, where a part is no whole block */
export function blockedConcat(low: Lowering, node: GraphNode): boolean {
  const axis = BLOCKED_AXIS[numberOf(node, 'axis')];
  const parts = inputsOf(node);
  const isWhole = parts.every((part) => low.canBlock(part)) && parts.some((part) => low.isBlocked(part));
  if (axis === undefined || !isWhole) return false;
  const names = parts.map((part) => low.blocked(part));
  low.setBlocked(outputOf(node), low.onnx.emit('Concat', names, { axis }));
  return true;
}

/** Cuts `x` into the outputs of `node`. @returns false, and does nothing, where a part is no whole block */
export function blockedSplit(low: Lowering, node: GraphNode, x: Value): boolean {
  const along = numberOf(node, 'axis');
  const axis = BLOCKED_AXIS[along];
  if (axis === undefined || !low.isBlocked(x) || !node.outputs.every((part) => low.canBlock(part)))
    return false;
  const sizes = node.outputs.map(({ shape }) => shape[along]!);
  const parts = low.onnx.emitAll('Split', [low.blocked(x), low.onnx.ints(sizes)], sizes.length, { axis });
  for (const [i, output] of node.outputs.entries()) low.setBlocked(output, parts[i]!);
  return true;
}

/** @returns false, and does nothing, where pixels are cut, or a block of channels is */
export function blockedSlice(low: Lowering, node: GraphNode): boolean {
  const [x, output] = [inputOf(node, 'x'), outputOf(node)];
  const begin = numbersOf(node, 'begin');
  const isWhole = low.isBlocked(x) && low.canBlock(output) && begin[3]! % low.target.blockSize === 0;
  if (!isWhole || !sameShape(x.shape.slice(1, 3), output.shape.slice(1, 3))) return false;
  const axes = [0, 3].filter((axis) => x.shape[axis] !== output.shape[axis]);
  const starts = axes.map((axis) => begin[axis]!);
  const ends = axes.map((axis) => begin[axis]! + output.shape[axis]!);
  const places = axes.map((axis) => BLOCKED_AXIS[axis]!);
  low.setBlocked(output, low.onnx.slice(low.blocked(x), starts, ends, places));
  return true;
}
