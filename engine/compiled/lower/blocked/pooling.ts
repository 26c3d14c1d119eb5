/**
 * Max pooling on blocked images. Its gradient needs no places of the largest inputs: the image is taken apart
 * into its phases (the pixels that stand at the same place of a stride), which compare as whole tensors. As in
 * TF.js, the first of equal inputs gets the gradient.
 */
import { type GraphNode, inputOf } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { NCHWC } from '../blocks.js';
import { channelsFirstShape } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { isTiling, outputOf, windowAttributes, windowOf } from '../rule.js';
import { mergePhases, type Phase } from './phases.js';

const LOWEST = -3.4e38;

export function blockedMaxPool(low: Lowering, node: GraphNode): boolean {
  const x = inputOf(node, 'x');
  if (!low.isBlocked(x)) return false;
  low.setBlocked(
    outputOf(node),
    low.onnx.emit('MaxPool', [low.blocked(x)], windowAttributes(windowOf(node)), NCHWC),
  );
  return true;
}

export function blockedMaxPoolGradient(low: Lowering, node: GraphNode): boolean {
  const { onnx } = low;
  const [dy, input, result] = [inputOf(node, 'dy'), inputOf(node, 'input'), inputOf(node, 'output')];
  if (!low.isBlocked(input)) return false;
  const { blockSize: block } = low.target;
  const [n, height, width, channels] = input.shape as [number, number, number, number];
  const [, oh, ow] = dy.shape as [number, number, number];
  const images = (n * channels) / block;
  const pooled = [images, oh, ow, block];
  const full = [images, height, width, block];
  const image: Pooled = {
    x: onnx.reshape(low.blocked(input), channelsFirstShape(input.shape), full),
    y: onnx.reshape(low.blocked(result), channelsFirstShape(result.shape), pooled),
    dy: onnx.reshape(low.blocked(dy), channelsFirstShape(dy.shape), pooled),
    full: [images, height, width],
    pooled: [oh, ow],
  };
  const window = windowOf(node);
  const is2x2 = isTiling(window) && window.kernel[0] === 2 && window.kernel[1] === 2;
  const name = is2x2 ? gradient2x2(low, image) : gradientOf(low, node, image);
  low.setBlocked(outputOf(node), onnx.reshape(name, full, channelsFirstShape(input.shape)));
  return true;
}

interface Pooled {
  /** [images, height, width, block] */
  x: Name;
  /** [images, oh, ow, block] */
  y: Name;
  dy: Name;
  full: [images: number, height: number, width: number];
  pooled: [oh: number, ow: number];
}

const isAtLeast = ({ onnx }: Lowering, a: Name, b: Name): Name =>
  onnx.cast(onnx.emit('GreaterOrEqual', [a, b]), 'float32');

/** Windows of 2x2 side by side: first which row has the largest, then which of its two. */
function gradient2x2(low: Lowering, { x, y, dy, full, pooled }: Pooled): Name {
  const { onnx, target } = low;
  const [images, height, width] = full;
  const [oh, ow] = pooled;
  const phase = (i: number, j: number) =>
    onnx.slice(x, [i, j], [i + 2 * oh - 1, j + 2 * ow - 1], [1, 2], [2, 2]);
  const [a, b, c, d] = [phase(0, 0), phase(0, 1), phase(1, 0), phase(1, 1)];
  const split = (all: Name, isFirst: Name): [Name, Name] => {
    const first = onnx.emit('Mul', [all, isFirst]);
    return [first, onnx.emit('Sub', [all, first])];
  };
  const [upper, lower] = split(dy, isAtLeast(low, onnx.emit('Max', [a, b]), y));
  const parts = [...split(upper, isAtLeast(low, a, b)), ...split(lower, isAtLeast(low, c, d))];
  const phases = parts.map((name): Phase => ({ name, height: oh, width: ow }));
  const merged = mergePhases(low, phases, [2, 2], [images, 2 * oh, 2 * ow], target.blockSize);
  return onnx.pad(merged, [0, 0, 0, 0], [0, height - 2 * oh, width - 2 * ow, 0]);
}

/** Any window: tap by tap, each taking what the ones before have left. */
function gradientOf(low: Lowering, node: GraphNode, { x, y, dy, full, pooled }: Pooled): Name {
  const { onnx, target } = low;
  const { kernel, strides, pads } = windowOf(node);
  const [images, height, width] = full;
  const phases = new Map<string, Phase & { gradients: Name[] }>();
  const phaseAt = (i: number, j: number) => {
    const known = phases.get(`${i} ${j}`);
    if (known) return known;
    const phase = {
      name: onnx.slice(x, [i, j], [height, width], [1, 2], strides),
      height: Math.ceil((height - i) / strides[0]),
      width: Math.ceil((width - j) / strides[1]),
      gradients: [],
    };
    phases.set(`${i} ${j}`, phase);
    return phase;
  };
  const taps = Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => [
    Math.floor(tap / kernel[1]),
    tap % kernel[1],
  ]);
  let rest = dy;
  for (const [tap, [row, column]] of taps.entries()) {
    const [i, down] = phaseOf(row! - pads[0], strides[0]);
    const [j, right] = phaseOf(column! - pads[1], strides[1]);
    const phase = phaseAt(i, j);
    // Result [r, c] looks at the phase's [r + down, c + right].
    const before = [0, -down, -right, 0];
    const after = [0, pooled[0] + down - phase.height, pooled[1] + right - phase.width, 0];
    let gradient = rest;
    if (tap < taps.length - 1) {
      const seen = onnx.pad(phase.name, before, after, LOWEST);
      gradient = onnx.emit('Mul', [rest, isAtLeast(low, seen, y)]);
      rest = onnx.emit('Sub', [rest, gradient]);
    }
    const back = (lengths: number[]) => lengths.map((length) => -length);
    phase.gradients.push(onnx.pad(gradient, back(before), back(after)));
  }
  const all: Phase[] = [];
  for (let i = 0; i < strides[0]; i++) {
    for (let j = 0; j < strides[1]; j++) {
      const { gradients, ...phase } = phaseAt(i, j);
      const zeros = () =>
        onnx.expand(onnx.scalar(0), [], [images, phase.height, phase.width, target.blockSize]);
      const name =
        gradients.length > 0 ? gradients.reduce((sum, own) => onnx.emit('Add', [sum, own])) : zeros();
      all.push({ ...phase, name });
    }
  }
  return mergePhases(low, all, strides, full, target.blockSize);
}

/** Which phase an offset falls into, and how many strides away. */
function phaseOf(offset: number, stride: number): [phase: number, strides: number] {
  const phase = ((offset % stride) + stride) % stride;
  return [phase, (offset - phase) / stride];
}
