/**
 * Convolutions on blocked images. All three kinds are forward convolutions of MLAS: the input gradient one
 * with the filter reversed, the filter gradient one with images and channels exchanged, for which no window
 * is ever written out. Weights are blocked within the graph, since they are inputs of it.
 */
import { type GraphNode, inputOf, type Value } from '../../graph/graph.js';
import { FAR, type Name } from '../../onnx/builder.js';
import { activate } from '../activation.js';
import { NCHWC } from '../blocks.js';
import { channelsFirstShape } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { outputOf, windowAttributes, windowOf } from '../rule.js';

/** @returns false where the channels do not fit; the caller then lowers on NCHW */
export function blockedConvolution(low: Lowering, node: GraphNode): boolean {
  const [x, filter, bias] = [inputOf(node, 'x'), inputOf(node, 'filter'), node.inputs.bias];
  const { blockSize } = low.target;
  const [, , channels, filters] = filter.shape as [number, number, number, number];
  if (blockSize === 0 || filters % blockSize !== 0) return false;
  if (channels >= blockSize && channels % blockSize !== 0) return false;
  const inputs = [channels < blockSize ? low.channelsFirst(x) : low.blocked(x), forwardWeights(low, filter)];
  if (bias) inputs.push(low.vector(bias));
  const isRelu = node.attributes.activation === 'relu';
  const attributes = {
    ...windowAttributes(windowOf(node)),
    group: 1,
    ...(isRelu ? { activation: 'Relu' } : {}),
  };
  const result = low.onnx.emit('Conv', inputs, attributes, NCHWC);
  low.setBlocked(outputOf(node), isRelu ? result : activate(low, result, node));
  return true;
}

export function blockedInputGradient(low: Lowering, node: GraphNode): boolean {
  const [dy, filter] = [inputOf(node, 'dy'), inputOf(node, 'filter')];
  const { blockSize } = low.target;
  const { kernel, strides, dilations, pads } = windowOf(node);
  const [, , channels, filters] = filter.shape as [number, number, number, number];
  const isWhole = blockSize > 0 && channels % blockSize === 0 && filters % blockSize === 0;
  if (!isWhole || strides[0] * strides[1] !== 1 || dilations[0] * dilations[1] !== 1) return false;
  const [top, left, bottom, right] = pads;
  const [h, w] = [kernel[0] - 1, kernel[1] - 1];
  const flipped = [h - top, w - left, h - bottom, w - right];
  if (flipped.some((pad) => pad < 0)) return false;
  const window = { kernel_shape: kernel, strides: [1, 1], dilations: [1, 1], pads: flipped, group: 1 };
  low.setBlocked(
    outputOf(node),
    low.onnx.emit('Conv', [low.blocked(dy), backwardWeights(low, filter)], window, NCHWC),
  );
  return true;
}

/**
 * With "images" = channels of x, "channels" = images, and dy as the filter, dilated by the stride. Padding is
 * written out before: MLAS is two to three times slower at outputs that touch padding.
 */
export function blockedFilterGradient(low: Lowering, node: GraphNode): boolean {
  const { onnx } = low;
  const { blockSize: block } = low.target;
  const [x, dy] = [inputOf(node, 'x'), inputOf(node, 'dy')];
  const output = outputOf(node);
  const [kh, kw, channels, filters] = output.shape as [number, number, number, number];
  const [n, oh, ow] = dy.shape as [number, number, number];
  const { strides, dilations, pads } = windowOf(node);
  if (block === 0 || n % block !== 0 || filters % block !== 0 || dilations[0] * dilations[1] !== 1)
    return false;
  const [, height, width] = x.shape as [number, number, number];
  const images = n / block;
  const swapped = [channels, images, height, width, block];
  const needed = [(oh - 1) * strides[0] + kh, (ow - 1) * strides[1] + kw] as const;
  const [top, left] = pads;
  const seen = onnx.pad(
    imagesAsChannels(low, x, swapped),
    [0, 0, top, left, 0],
    [0, 0, needed[0] - height - top, needed[1] - width - left, 0],
  );
  const blocks = filters / block;
  const gradient = onnx.emit(
    'Transpose',
    [onnx.reshape(low.blocked(dy), channelsFirstShape(dy.shape), [images, block, blocks, oh * ow, block])],
    { perm: [2, 0, 3, 1, 4] },
  );
  const result = onnx.emit(
    'Conv',
    [
      onnx.reshape(seen, [channels, images, ...needed, block], [channels, n, ...needed]),
      onnx.reshape(gradient, [blocks, images, oh * ow, block, block], [filters, n, oh, ow]),
    ],
    { kernel_shape: [oh, ow], strides: [1, 1], pads: [0, 0, 0, 0], dilations: strides, group: 1 },
    NCHWC,
  );
  const taps = onnx.reshape(result, [channels, filters, kh, kw], [channels, blocks, kh * kw, block]);
  const ordered = onnx.emit('Transpose', [taps], { perm: [2, 0, 1, 3] });
  low.setPlain(output, onnx.reshape(ordered, [kh * kw, channels, blocks, block], output.shape));
  return true;
}

/** [n, h, w, c] as [c, n / block, h, w, block], however `x` is stored. */
function imagesAsChannels(low: Lowering, x: Value, shape: number[]): Name {
  const { onnx } = low;
  const { blockSize: block } = low.target;
  const [channels, images] = shape as [number, number];
  const [, height, width] = x.shape as [number, number, number];
  const pixels = height * width;
  if (channels % block === 0) {
    const stored = onnx.reshape(low.blocked(x), channelsFirstShape(x.shape), [
      images,
      block,
      channels * pixels,
    ]);
    const turned = onnx.emit('Transpose', [stored], { perm: [0, 2, 1] });
    const parted = [images, channels / block, pixels, block, block];
    const moved = onnx.emit('Transpose', [onnx.reshape(turned, [images, channels * pixels, block], parted)], {
      perm: [1, 3, 0, 2, 4],
    });
    return onnx.reshape(moved, [channels / block, block, images, pixels, block], shape);
  }
  const stored = onnx.reshape(low.plain(x), x.shape, [images, block, pixels * channels]);
  const turned = onnx.emit('Transpose', [stored], { perm: [0, 2, 1] });
  if (channels === 1) return onnx.reshape(turned, [images, pixels, block], shape);
  const parted = onnx.reshape(turned, [images, pixels * channels, block], [images, pixels, channels, block]);
  return onnx.reshape(
    onnx.emit('Transpose', [parted], { perm: [2, 0, 1, 3] }),
    [channels, images, pixels, block],
    shape,
  );
}

/** [kh, kw, in, out] in MLAS's order: blocks of out, blocks of in, taps, in, out (in as it is where it is no block). */
function forwardWeights(low: Lowering, filter: Value): Name {
  const { onnx } = low;
  const { blockSize: block } = low.target;
  const [kh, kw, channels, filters] = filter.shape as [number, number, number, number];
  const declared = [filters, channels, kh, kw];
  const name = low.plain(filter);
  const blocks = filters / block;
  if (channels < block) {
    const parted = onnx.reshape(name, filter.shape, [kh * kw, channels, blocks, block]);
    const moved = onnx.emit('Transpose', [parted], { perm: [2, 1, 0, 3] });
    return onnx.reshape(moved, [blocks, channels, kh * kw, block], declared);
  }
  return blockWeights(low, onnx.reshape(name, filter.shape, [kh * kw, channels, filters]), declared);
}

/** The same with taps reversed, and in and out exchanged. */
function backwardWeights(low: Lowering, filter: Value): Name {
  const { onnx } = low;
  const [kh, kw, channels, filters] = filter.shape as [number, number, number, number];
  const taps = onnx.reshape(low.plain(filter), filter.shape, [kh * kw, channels, filters]);
  const reversed = kh * kw === 1 ? taps : onnx.slice(taps, [-1], [-FAR], [0], [-1]);
  const exchanged = onnx.emit('Transpose', [reversed], { perm: [0, 2, 1] });
  return blockWeights(low, exchanged, [channels, filters, kh, kw]);
}

/** [taps, in, out] to blocks, declared as [out, in, kh, kw]. */
export function blockWeights(low: Lowering, name: Name, declared: readonly number[]): Name {
  const { onnx } = low;
  const { blockSize: block } = low.target;
  const [outs, ins, kh, kw] = declared as [number, number, number, number];
  const parted = [kh * kw, ins / block, block, outs / block, block];
  const moved = onnx.emit('Transpose', [onnx.reshape(name, [kh * kw, ins, outs], parted)], {
    perm: [3, 1, 0, 2, 4],
  });
  return onnx.reshape(moved, [outs / block, ins / block, kh * kw, block, block], declared);
}
