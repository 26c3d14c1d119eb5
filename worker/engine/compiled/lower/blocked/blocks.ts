/**
 * In and out of NCHWc: data [n, c / block, h, w, block], which ONNX Runtime declares as [n, c, h, w]. The
 * operators are MLAS's own, of the domain com.microsoft.nchwc: the runtime's optimizer uses them, and takes
 * them written in a graph too. The block's size depends on the processor: it is probed at start.
 */
import type { Shape } from '../../graph.js';
import type { Name, OnnxBuilder } from '../../onnx/builder.js';
import { channelsFirstShape } from '../forms.js';
import type { Target } from '../target.js';

export const NCHWC = 'com.microsoft.nchwc';

/** Where it is written, and for whom. */
interface Written {
  readonly onnx: OnnxBuilder;
  readonly target: Target;
}

/** @param shape NHWC; @param channelsFirst undefined: to have it so would take a transpose */
export function enterBlocks(
  { onnx, target }: Written,
  shape: Shape,
  plain: () => Name,
  channelsFirst: (() => Name) | undefined,
): Name {
  const [, height, width, channels] = shape as [number, number, number, number];
  // One block, or one pixel: the same order in memory.
  const isSame = channels === target.blockSize || height * width === 1;
  if (channelsFirst && !isSame) return onnx.emit('ReorderInput', [channelsFirst()], {}, NCHWC);
  if (isSame) return onnx.reshape(plain(), shape, channelsFirstShape(shape));
  return onnx.emit('ReorderInput', [plain()], { channels_last: 1 }, NCHWC);
}

/** @param last whether channels come last in the result, else it is NCHW; @param shape NHWC */
export function leaveBlocks({ onnx, target }: Written, name: Name, shape: Shape, last: boolean): Name {
  const [, height, width, channels] = shape as [number, number, number, number];
  const from = channelsFirstShape(shape);
  if (height * width === 1 || (last && channels === target.blockSize))
    return onnx.reshape(name, from, last ? shape : from);
  return onnx.emit('ReorderOutput', [name], { channels, ...(last ? { channels_last: 1 } : {}) }, NCHWC);
}
