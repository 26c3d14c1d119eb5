/** Kernels that move elements without computing. */
import { type GraphNode, inputOf, inputsOf, sameShape, sizeOf, type Value } from '../../graph/graph.js';
import { FAR } from '../../onnx/builder.js';
import { blockedConcat, blockedSlice, blockedSplit } from '../blocked/parts.js';
import { CHANNELS_FIRST_AXIS, TO_CHANNELS_FIRST } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { numberOf, numbersOf, outputOf, type Rule, type Rules } from '../rule.js';

const reshape: Rule = (low, node) => {
  const x = node.inputs.x ?? inputOf(node, 'input');
  const output = outputOf(node);
  if (sameShape(x.shape, output.shape)) return low.alias(output, x);
  const isPixel = x.shape.length === 4 && x.shape[1]! * x.shape[2]! === 1;
  if (!isPixel && (low.isBlocked(x) || low.isChannelsFirst(x))) {
    return low.setPlain(output, low.onnx.reshape(low.plain(x), x.shape, output.shape));
  }
  const { name, shape } = low.plainStored(x);
  const kept = reshapeStored(x, shape, output);
  if (kept) low.setPlain(output, low.onnx.reshape(name, shape, kept), kept);
  else low.setPlain(output, low.onnx.reshape(low.plain(x), x.shape, output.shape));
};

/** Where only axes of length 1 come and go, repeated axes stay stored once. */
function reshapeStored(x: Value, stored: readonly number[], { shape }: Value): number[] | undefined {
  if (sizeOf(stored) === 1) return shape.map(() => 1);
  const isLong = (length: number) => length !== 1;
  if (!sameShape(x.shape.filter(isLong), shape.filter(isLong))) return undefined;
  const lengths = stored.filter((_, axis) => isLong(x.shape[axis]!));
  let next = 0;
  return shape.map((length) => (isLong(length) ? lengths[next++]! : 1));
}

const transpose: Rule = (low, node) => {
  const { name, shape } = low.plainStored(inputOf(node, 'x'));
  const perm = numbersOf(node, 'perm');
  low.setPlain(
    outputOf(node),
    low.onnx.transpose(name, shape, perm),
    perm.map((axis) => shape[axis]!),
  );
};

const tile: Rule = (low, node) => {
  const x = inputOf(node, 'x');
  const reps = numbersOf(node, 'reps');
  const stored = low.plainStored(x);
  // Axes of length 1 are left to be broadcast.
  if (x.shape.every((length, axis) => reps[axis] === 1 || length === 1)) {
    return low.setPlain(outputOf(node), stored.name, stored.shape);
  }
  low.setPlain(outputOf(node), low.onnx.emit('Tile', [low.plain(x), low.onnx.ints(reps)]));
};

const broadcastTo: Rule = (low, node) => {
  const { name, shape } = low.plainStored(inputOf(node, 'x'));
  low.setPlain(outputOf(node), name, shape);
};

const slice: Rule = (low, node) => {
  if (blockedSlice(low, node) || splitApart(low, node)) return;
  const x = inputOf(node, 'x');
  const output = outputOf(node);
  const begin = numbersOf(node, 'begin');
  const isCut = output.shape.map((length, axis) => length !== x.shape[axis]);
  const axes = begin.flatMap((_, axis) => (isCut[axis] ? [axis] : []));
  const ends = axes.map((axis) => begin[axis]! + output.shape[axis]!);
  const starts = axes.map((axis) => begin[axis]!);
  if (low.isChannelsFirst(x)) {
    const moved = axes.map((axis) => CHANNELS_FIRST_AXIS[axis]!);
    return low.setChannelsFirst(output, low.onnx.slice(low.channelsFirst(x), starts, ends, moved));
  }
  low.setPlain(output, low.onnx.slice(low.plain(x), starts, ends, axes));
};

/** Slices that together are all of a value, in equal parts along one axis, are one Split. */
function splitApart(low: Lowering, node: GraphNode): boolean {
  const x = inputOf(node, 'x');
  const output = outputOf(node);
  const cutAxes = output.shape.flatMap((length, axis) => (length === x.shape[axis] ? [] : [axis]));
  const [axis] = cutAxes;
  if (axis === undefined || cutAxes.length > 1 || low.isBlocked(x) || low.isChannelsFirst(x)) return false;
  const [length, part] = [x.shape[axis]!, output.shape[axis]!];
  const parts = length / part;
  const siblings = low
    .readersOf(x)
    .filter(({ kernel, outputs }) => kernel === 'Slice' && sameShape(outputs[0]!.shape, output.shape));
  const starts = new Set(siblings.map((sibling) => numbersOf(sibling, 'begin')[axis]!));
  const isAll =
    Number.isInteger(parts) &&
    Array.from({ length: parts }, (_, i) => i * part).every((at) => starts.has(at));
  const begin = numbersOf(node, 'begin')[axis]!;
  if (!isAll || begin % part !== 0) return false;
  const sizes = low.onnx.ints(new Array(parts).fill(part));
  low.setPlain(output, low.onnx.emitAll('Split', [low.plain(x), sizes], parts, { axis })[begin / part]!);
  return true;
}

const stridedSlice: Rule = (low, node) => {
  const [begin, end, strides] = [
    numbersOf(node, 'begin'),
    numbersOf(node, 'end'),
    numbersOf(node, 'strides'),
  ];
  const { onnx } = low;
  // Going backwards to before the first element has no end of its own in ONNX.
  const ends = end.map((at, axis) => (strides[axis]! < 0 && at < 0 ? -FAR : at));
  const axes = begin.map((_, axis) => axis);
  const cut = onnx.slice(low.plain(inputOf(node, 'x')), begin, ends, axes, strides);
  const output = outputOf(node);
  low.setPlain(output, onnx.reshape(cut, numbersOf(node, 'sparseShape'), output.shape));
};

const concat: Rule = (low, node) => {
  if (blockedConcat(low, node)) return;
  const all = inputsOf(node);
  const axis = numberOf(node, 'axis');
  const output = outputOf(node);
  if (output.shape.length === 4 && all.some((value) => low.isChannelsFirst(value))) {
    const names = all.map((value) => low.channelsFirst(value));
    return low.setChannelsFirst(output, low.onnx.emit('Concat', names, { axis: CHANNELS_FIRST_AXIS[axis]! }));
  }
  low.setPlain(
    output,
    low.onnx.emit(
      'Concat',
      all.map((value) => low.plain(value)),
      { axis },
    ),
  );
};

const pack: Rule = (low, node) => {
  const axis = numberOf(node, 'axis');
  const output = outputOf(node);
  const one = output.shape.map((length, at) => (at === axis ? 1 : length));
  const names = inputsOf(node).map((value) => low.onnx.reshape(low.plain(value), value.shape, one));
  low.setPlain(output, low.onnx.emit('Concat', names, { axis }));
};

/** Cuts `x` into the outputs of `node`, one after the other along the axis. */
function cut(low: Lowering, node: GraphNode, x: Value, lengthOf: (output: Value) => number): void {
  const axis = numberOf(node, 'axis');
  const sizes = node.outputs.map(lengthOf);
  const inputs = [low.plain(x), low.onnx.ints(sizes)];
  const parts = low.onnx.emitAll('Split', inputs, sizes.length, { axis });
  for (const [i, output] of node.outputs.entries()) {
    const shape = x.shape.map((own, at) => (at === axis ? sizes[i]! : own));
    low.setPlain(output, low.onnx.reshape(parts[i]!, shape, output.shape));
  }
}

const split: Rule = (low, node) => {
  const x = inputOf(node, 'x');
  if (!blockedSplit(low, node, x)) cut(low, node, x, ({ shape }) => shape[numberOf(node, 'axis')]!);
};

const pad: Rule = (low, node) => {
  const x = inputOf(node, 'x');
  const [before, after] = [numbersOf(node, 'before'), numbersOf(node, 'after')];
  if (x.dtype !== 'float32') throw new Error(`PadV2 of ${x.dtype}`);
  const value = numberOf(node, 'value');
  if (low.isChannelsFirst(x)) {
    const moved = [before, after].map((list) => TO_CHANNELS_FIRST.map((axis) => list[axis]!));
    return low.setChannelsFirst(
      outputOf(node),
      low.onnx.pad(low.channelsFirst(x), moved[0]!, moved[1]!, value),
    );
  }
  low.setPlain(outputOf(node), low.onnx.pad(low.plain(x), before, after, value));
};

const reverse: Rule = (low, node) => {
  const axes = numbersOf(node, 'axes');
  const all = (value: number) => axes.map(() => value);
  low.setPlain(
    outputOf(node),
    low.onnx.slice(low.plain(inputOf(node, 'x')), all(-1), all(-FAR), axes, all(-1)),
  );
};

export const SHAPES: Rules = {
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose: transpose,
  Tile: tile,
  BroadcastTo: broadcastTo,
  Slice: slice,
  StridedSlice: stridedSlice,
  Concat: concat,
  Pack: pack,
  Unpack: (low, node) => cut(low, node, inputOf(node, 'value'), () => 1),
  SplitV: split,
  PadV2: pad,
  Reverse: reverse,
};
