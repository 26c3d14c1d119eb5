/**
 * Moves data in and out of NCHWc: [n, c / block, h, w, block], which ONNX Runtime declares as [n, c, h, w]. The
 * operators are MLAS's own, of the domain com.microsoft.nchwc: the runtime's optimizer uses them, and takes
 * them written in a graph too. The block's size depends on the processor: it is probed at start.
 */
import type { Dtype, Value } from '../graph/graph.js';
import type { Name, OnnxBuilder } from '../onnx/builder.js';
import { channelsFirstShape } from './forms.js';
import type { Target } from './target.js';

export const NCHWC = 'com.microsoft.nchwc';

/** The graph that is being written, and the target that it is for. */
interface Written {
  readonly onnx: OnnxBuilder;
  readonly target: Target;
}

/** @param value its shape is NHWC; @param channelsFirst undefined: to have it so would take a transpose */
export function enterBlocks(
  { onnx, target }: Written,
  { shape, dtype }: Value,
  plain: () => Name,
  channelsFirst: (() => Name) | undefined,
): Name {
  const [, height, width, channels] = shape as [number, number, number, number];
  // One block, or one pixel: the same order in memory.
  const isSame = channels === target.blockSize || height * width === 1;
  const reorder = (name: Name, attributes: { channels_last?: number }) =>
    asFloat(onnx, name, dtype, (float) => onnx.emit('ReorderInput', [float], attributes, NCHWC));
  if (channelsFirst && !isSame) return reorder(channelsFirst(), {});
  if (isSame) return onnx.reshape(plain(), shape, channelsFirstShape(shape));
  return reorder(plain(), { channels_last: 1 });
}

/** @param last whether channels come last in the result, else it is NCHW; @param value its shape is NHWC */
export function leaveBlocks(
  { onnx, target }: Written,
  name: Name,
  { shape, dtype }: Value,
  last: boolean,
): Name {
  const [, height, width, channels] = shape as [number, number, number, number];
  const from = channelsFirstShape(shape);
  if (height * width === 1 || (last && channels === target.blockSize))
    return onnx.reshape(name, from, last ? shape : from);
  const attributes = { channels, ...(last ? { channels_last: 1 } : {}) };
  return asFloat(onnx, name, dtype, (float) => onnx.emit('ReorderOutput', [float], attributes, NCHWC));
}

/** MLAS reorders float32 alone: what a comparison gives goes there and back. */
function asFloat(onnx: OnnxBuilder, name: Name, dtype: Dtype, reorder: (float: Name) => Name): Name {
  if (dtype === 'float32') return reorder(name);
  return onnx.cast(reorder(onnx.cast(name, 'float32')), dtype);
}
