/** Elementwise work on blocked images, where all that is not an image is one number a channel or a pixel. */
import { type GraphNode, type Shape, sameShape, sizeOf, type Value } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { channelsFirstShape } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { affine } from './channels.js';

/** A value that broadcasts over the image. */
interface Small {
  name: Name;
  stored: Shape;
  /** `stored` as [n, h, w, c]. */
  four: Shape;
}

/** @returns false, and does nothing, where the values do not fit */
export function blockedElementwise(
  low: Lowering,
  output: Value,
  inputs: readonly Value[],
  compute: (names: Name[]) => Name,
): boolean {
  if (!low.canBlock(output) || !inputs.some((value) => low.isBlocked(value))) return false;
  const operands = inputs.map(
    (value) =>
      smallOf(low, value, output) ??
      (sameShape(value.shape, output.shape) && low.canBlock(value) ? value : undefined),
  );
  if (!operands.every((operand) => operand !== undefined)) return false;
  const { onnx, target } = low;
  const isSmall = (operand: Value | Small): operand is Small => 'stored' in operand;
  if (operands.every((operand) => !isSmall(operand) || sizeOf(operand.stored) === 1)) {
    const declared = channelsFirstShape(output.shape);
    // The runtime repeats a number slowly where an axis of length 1 stands between others.
    const shape = operands.some(isSmall) && declared.includes(1) ? [sizeOf(declared)] : declared;
    const names = operands.map((operand) =>
      isSmall(operand)
        ? onnx.reshape(operand.name, operand.stored, [])
        : onnx.reshape(low.blocked(operand), declared, shape),
    );
    low.setBlocked(output, onnx.reshape(compute(names), shape, declared));
    return true;
  }
  const [n, height, width, channels] = output.shape as [number, number, number, number];
  const blocks = [n, channels / target.blockSize, height * width, target.blockSize];
  const declared = channelsFirstShape(output.shape);
  const names = operands.map((operand) => {
    if (!isSmall(operand)) return onnx.reshape(low.blocked(operand), declared, blocks);
    const [images, rows, columns, own] = operand.four as [number, number, number, number];
    const perChannel = own > 1 ? [channels / target.blockSize, target.blockSize] : [1, 1];
    return onnx.reshape(operand.name, operand.stored, [
      images,
      perChannel[0]!,
      rows * columns,
      perChannel[1]!,
    ]);
  });
  low.setBlocked(output, onnx.reshape(compute(names), blocks, declared));
  return true;
}

/**
 * A number for each channel, added, subtracted or multiplied: one pass of a depthwise convolution with the same bits. The
 * runtime repeats so few numbers at a time two to three times more slowly.
 * @returns false, and does nothing, where the values do not fit
 */
export function blockedPerChannel(low: Lowering, { kernel, inputs, outputs }: GraphNode): boolean {
  const [output] = outputs as [Value];
  const { a, b } = inputs as { a: Value; b: Value };
  const isSwapped = kernel !== 'Sub' && sizeOf(a.shape) < sizeOf(b.shape);
  const [image, numbers] = isSwapped ? [b, a] : [a, b];
  const channels = output.shape[3]!;
  const isPerChannel = sizeOf(numbers.shape) === channels && numbers.shape.at(-1) === channels;
  if (!low.canBlock(output) || !low.isBlocked(image) || !isPerChannel || low.isBlocked(numbers)) return false;
  if (!sameShape(image.shape, output.shape) || [a, b].some(({ dtype }) => dtype !== 'float32')) return false;
  const { onnx } = low;
  const vector = low.vector(numbers, channels);
  const map =
    kernel === 'Multiply'
      ? { weight: vector }
      : { weight: onnx.filled(1, [channels]), bias: kernel === 'Sub' ? onnx.emit('Neg', [vector]) : vector };
  low.setBlocked(output, affine(low, image.shape, low.blocked(image), map));
  return true;
}

/** `value` as something stored smaller than the image: one number a channel, or one a pixel. */
function smallOf(low: Lowering, value: Value, { shape }: Value): Small | undefined {
  if (low.isBlocked(value) || value.shape.length > 4 || low.isChannelsFirst(value)) return undefined;
  const stored = low.plainStored(value);
  const four = [...new Array<number>(4 - stored.shape.length).fill(1), ...stored.shape];
  const perChannel = four[1] === 1 && four[2] === 1;
  const perPixel = four[3] === 1 && four[1] === shape[1] && four[2] === shape[2];
  if ((!perChannel && !perPixel) || sameShape(four, shape)) return undefined;
  return { name: stored.name, stored: stored.shape, four };
}
