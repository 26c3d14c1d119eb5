/** Lookups: gathers rows by their numbers, and scatters their gradients back. */
import { inputOf, sizeOf } from '../../graph/graph.js';
import { numberOf, outputOf, type Rule, type Rules } from '../rule.js';

const gather: Rule = (low, node) => {
  const [x, indices] = [inputOf(node, 'x'), inputOf(node, 'indices')];
  low.setPlain(
    outputOf(node),
    low.onnx.emit('Gather', [low.plain(x), low.plain(indices)], { axis: numberOf(node, 'axis') }),
  );
};

/** The gradient of `gather`: rows with the same number are added up, in order. */
const segmentSum: Rule = (low, node) => {
  const { onnx } = low;
  const [x, ids] = [inputOf(node, 'x'), inputOf(node, 'segmentIds')];
  const output = outputOf(node);
  const zeros = onnx.expand(onnx.scalar(0), [], output.shape);
  const places = onnx.cast(onnx.reshape(low.plain(ids), ids.shape, [...ids.shape, 1]), 'int64');
  low.setPlain(output, onnx.emit('ScatterND', [zeros, places, low.plain(x)], { reduction: 'add' }));
};

const oneHot: Rule = (low, node) => {
  const { onnx } = low;
  const indices = inputOf(node, 'indices');
  const output = outputOf(node);
  const depth = output.shape.at(-1)!;
  const numbers = onnx.constant(
    'int32',
    [depth],
    Array.from({ length: depth }, (_, i) => i),
  );
  const column = onnx.reshape(low.plain(indices), indices.shape, [...indices.shape, 1]);
  const isHot = onnx.emit('Equal', [column, numbers]);
  const [on, off] = [numberOf(node, 'onValue'), numberOf(node, 'offValue')];
  const isPlain = on === 1 && off === 0;
  const value = (own: number) => onnx.scalar(own, output.dtype);
  low.setPlain(
    output,
    isPlain ? onnx.cast(isHot, output.dtype) : onnx.emit('Where', [isHot, value(on), value(off)]),
  );
};

/** Lowers a filled tensor that is too large for constant folding. */
const filled =
  (fixed?: number): Rule =>
  (low, node) => {
    const output = outputOf(node);
    const value = fixed ?? numberOf(node, 'value');
    const one = output.shape.map(() => 1);
    low.setPlain(output, low.onnx.constant(output.dtype, one, [value]), one);
  };

export const LOOKUPS: Rules = {
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  Fill: filled(),
  OnesLike: filled(1),
  ZerosLike: filled(0),
  Range: (low, node) => {
    const output = outputOf(node);
    const [start, step] = [numberOf(node, 'start'), numberOf(node, 'step')];
    const values = Array.from({ length: sizeOf(output.shape) }, (_, i) => start + i * step);
    low.setPlain(output, low.onnx.constant(output.dtype, output.shape, values));
  },
};
