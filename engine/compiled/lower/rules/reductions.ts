/** Sums, means and extremes over axes, softmax, and places of extremes. */
import { type GraphNode, inputOf, type Shape, sizeOf, type Value } from '../../graph/graph.js';
import { channelMeans, channelSums, imageMeans } from '../blocked/channels.js';
import { CHANNELS_FIRST_AXIS, channelsFirstShape, TO_CHANNELS_LAST } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { flagOf, numberOf, numbersOf, outputOf, type Rule, type Rules } from '../rule.js';

const reduction =
  (op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd'): Rule =>
  (low, node) => {
    const x = inputOf(node, 'x');
    if (blockedReduction(low, node, op, x)) return;
    const output = outputOf(node);
    const axes = numbersOf(node, 'axes');
    const isFirst = low.isChannelsFirst(x);
    const stored = isFirst ? low.channelsFirstStored(x) : low.plainStored(x);
    const full = isFirst ? channelsFirstShape(x.shape) : x.shape;
    const reduced = isFirst ? axes.map((axis) => CHANNELS_FIRST_AXIS[axis]!) : axes;
    const { onnx } = low;
    const input = x.dtype === 'bool' ? onnx.cast(stored.name, 'int32') : stored.name;
    let name = collapse(low, op, input, stored.shape, reduced);
    // An axis stored as one number in place of many counts as often as it is long.
    const times = reduced.reduce((product, axis) => product * (full[axis]! / stored.shape[axis]!), 1);
    if (op === 'ReduceSum' && times !== 1) {
      name = onnx.emit('Mul', [name, onnx.scalar(times, output.dtype)]);
    }
    if (op === 'ReduceProd' && times !== 1) throw new Error('a product over a repeated axis');
    const kept = stored.shape.map((length, axis) => (reduced.includes(axis) ? 1 : length));
    const [plain, shape] = isFirst
      ? [onnx.transpose(name, kept, TO_CHANNELS_LAST), TO_CHANNELS_LAST.map((axis) => kept[axis]!)]
      : [name, kept];
    const result = flagOf(node, 'keepDims') ? shape : shape.filter((_, axis) => !axes.includes(axis));
    low.setPlain(output, onnx.reshape(plain, shape, result), result);
  };

/** Reduces with neighboring axes taken together: the runtime is fastest with the fewest dimensions. */
function collapse(low: Lowering, op: string, name: string, shape: Shape, axes: readonly number[]): string {
  const groups: { length: number; isReduced: boolean }[] = [];
  for (const [axis, length] of shape.entries()) {
    if (length === 1) continue;
    const isReduced = axes.includes(axis);
    const last = groups.at(-1);
    if (last?.isReduced === isReduced) last.length *= length;
    else groups.push({ length, isReduced });
  }
  if (!groups.some(({ isReduced }) => isReduced)) return name;
  const { onnx } = low;
  const flat = onnx.reshape(
    name,
    shape,
    groups.map(({ length }) => length),
  );
  const places = groups.flatMap(({ isReduced }, place) => (isReduced ? [place] : []));
  const reduced = onnx.emit(op, [flat, onnx.ints(places)], { keepdims: 1 });
  return onnx.reshape(
    reduced,
    groups.map(({ length, isReduced }) => (isReduced ? 1 : length)),
    shape.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  );
}

/** Reduces over the pixels of blocked images, and over the images too if both are asked for. */
function blockedReduction(low: Lowering, node: GraphNode, op: string, x: Value): boolean {
  const axes = numbersOf(node, 'axes').join();
  const isSum = op === 'ReduceSum';
  if (!low.isBlocked(x) || !(isSum || op === 'ReduceMean')) return false;
  const output = outputOf(node);
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  if (axes === '0,1,2') {
    const name = (isSum ? channelSums : channelMeans)(low, x.shape, low.blocked(x));
    low.setPlain(output, low.onnx.reshape(name, [channels], output.shape));
    return true;
  }
  if (axes !== '1,2') return false;
  const means = imageMeans(low, x.shape, low.blocked(x));
  const name = isSum ? low.onnx.emit('Mul', [means, low.onnx.scalar(height * width)]) : means;
  low.setPlain(output, low.onnx.reshape(name, [n, channels], output.shape));
  return true;
}

const place =
  (op: string): Rule =>
  (low, node) => {
    const { onnx } = low;
    const found = onnx.emit(op, [low.plain(inputOf(node, 'x'))], {
      axis: numberOf(node, 'axis'),
      keepdims: 0,
    });
    low.setPlain(outputOf(node), onnx.cast(found, 'int32'));
  };

const softmax =
  (op: string): Rule =>
  (low, node) =>
    low.setPlain(
      outputOf(node),
      low.onnx.emit(op, [low.plain(inputOf(node, 'logits'))], { axis: numberOf(node, 'axis') }),
    );

/** All or any of bools: the smallest or largest of 0 and 1. */
const logical =
  (op: 'ReduceMin' | 'ReduceMax'): Rule =>
  (low, node) => {
    const { onnx } = low;
    const x = inputOf(node, 'x');
    const output = outputOf(node);
    const whole = onnx.cast(low.plain(x), 'int32');
    const reduced = onnx.emit(op, [whole, onnx.ints(numbersOf(node, 'axes'))], { keepdims: 0 });
    low.setPlain(output, onnx.reshape(onnx.cast(reduced, 'bool'), [sizeOf(output.shape)], output.shape));
  };

export const REDUCTIONS: Rules = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  All: logical('ReduceMin'),
  Any: logical('ReduceMax'),
  ArgMax: place('ArgMax'),
  ArgMin: place('ArgMin'),
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  Cumsum: (low, node) => {
    const flags = { exclusive: Number(flagOf(node, 'exclusive')), reverse: Number(flagOf(node, 'reverse')) };
    const axis = low.onnx.scalar(numberOf(node, 'axis'), 'int64');
    low.setPlain(outputOf(node), low.onnx.emit('CumSum', [low.plain(inputOf(node, 'x')), axis], flags));
  },
};
