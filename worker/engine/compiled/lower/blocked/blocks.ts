/**
 * In and out of NCHWc: data [n, c / block, h, w, block], which ONNX Runtime declares as [n, c, h, w]. The
 * operators are MLAS's own, of the domain com.microsoft.nchwc: the runtime's optimizer uses them, and takes
 * them written in a graph too. The block's size depends on the processor: it is probed at start.
 */
import type { Shape, Value } from '../../graph.js';
import type { Name } from '../../onnx/builder.js';
import { channelsFirstShape, type Stored } from '../forms.js';
import type { Lowering } from '../lowering.js';

export const NCHWC = 'com.microsoft.nchwc';

export function enterBlocks(low: Lowering, value: Value, channelsFirst: Stored | undefined): Name {
  const { onnx, target } = low;
  const [, height, width, channels] = value.shape as [number, number, number, number];
  const shape = channelsFirstShape(value.shape);
  // One block, or one pixel: the same order in memory.
  const isSame = channels === target.blockSize || height * width === 1;
  if (channelsFirst && !isSame) return onnx.emit('ReorderInput', [low.channelsFirst(value)], {}, NCHWC);
  const plain = low.plain(value);
  if (isSame) return onnx.reshape(plain, value.shape, shape);
  return onnx.emit('ReorderInput', [plain], { channels_last: 1 }, NCHWC);
}

/** @param last whether channels come last in the result, else it is NCHW; @param shape NHWC */
export function leaveBlocks(low: Lowering, name: Name, shape: Shape, last: boolean): Name {
  const { onnx, target } = low;
  const [, height, width, channels] = shape as [number, number, number, number];
  const from = channelsFirstShape(shape);
  if (height * width === 1 || (last && channels === target.blockSize))
    return onnx.reshape(name, from, last ? shape : from);
  return onnx.emit('ReorderOutput', [name], { channels, ...(last ? { channels_last: 1 } : {}) }, NCHWC);
}
