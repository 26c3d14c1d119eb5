/**
 * Kernels of a traced function as calls of TF.js: a row a kernel, which makes TF.js's own attributes of those in a graph
 * (engine/compiled/trace/shapes.ts). Run by the engine of TF.js, so that each has its gradient.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Attributes, Dtype, Shape } from '../../compiled/graph/graph.js';
import { ARITHMETIC, COMPARISONS, ELEMENTWISE } from '../../compiled/graph/kernel-names.js';

type Inputs = Record<string, TensorFlow.Tensor>;

export interface KernelCall {
  inputs: Inputs;
  attributes: Attributes;
  outputs: readonly { shape: Shape; dtype: Dtype }[];
}

/** Attributes for TF.js, and which kernel it calls where that has another name. */
interface Row {
  kernel?: string;
  /** Inputs are one list. */
  isList?: true;
  attributes(call: KernelCall): Record<string, unknown>;
}

const plain: Row = { attributes: () => ({}) };
const as = (attributes: Row['attributes'], more: Omit<Row, 'attributes'> = {}): Row => ({
  attributes,
  ...more,
});
const each = (names: readonly string[], row: Row): Record<string, Row> =>
  Object.fromEntries(names.map((name) => [name, row]));
const kept = as(({ attributes }) => attributes);
/** By its result alone. */
const toShape = as(({ outputs }) => ({ shape: [...outputs[0]!.shape] }));
const reduction = as(({ attributes: { axes, keepDims } }) => ({
  axis: axes,
  reductionIndices: axes,
  keepDims,
}));

const ROWS: Readonly<Record<string, Row>> = {
  ...each([...ELEMENTWISE, 'Prelu', 'Select', ...ARITHMETIC, 'RealDiv', ...COMPARISONS], plain),
  AddN: { ...plain, isList: true },
  ...each(['LeakyRelu', 'Step', 'ClipByValue', 'Cumsum', 'Transpose', 'Tile', 'BatchMatMul'], kept),
  Cast: as(({ outputs }) => ({ dtype: outputs[0]!.dtype })),
  ...each(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'], reduction),
  ...each(['ArgMax', 'ArgMin', 'LogSoftmax'], kept),
  Softmax: as(({ attributes }) => ({ dim: attributes.axis })),
  Reverse: as(({ attributes }) => ({ dims: attributes.axes })),
  ...each(['Reshape', 'BroadcastTo'], toShape),
  ExpandDims: { ...toShape, kernel: 'Reshape' },
  Slice: as(({ attributes: { begin }, outputs }) => ({ begin, size: [...outputs[0]!.shape] })),
  Concat: { ...kept, isList: true },
  Pack: { ...kept, isList: true },
  Unpack: kept,
  SplitV: as(({ attributes, outputs }) => ({
    axis: attributes.axis,
    numOrSizeSplits: outputs.map(({ shape }) => shape[attributes.axis as number]),
  })),
  PadV2: as(({ attributes: { before, after, value } }) => ({
    paddings: (before as number[]).map((pad, axis) => [pad, (after as number[])[axis]]),
    constantValue: value,
  })),
  GatherV2: as(({ attributes }) => ({ axis: attributes.axis, batchDims: 0 })),
  OneHot: as(({ attributes, outputs }) => ({
    ...attributes,
    depth: outputs[0]!.shape.at(-1),
    dtype: outputs[0]!.dtype,
  })),
  Fill: as(({ attributes, outputs }) => ({
    value: attributes.value,
    shape: [...outputs[0]!.shape],
    dtype: outputs[0]!.dtype,
  })),
  Range: as(({ attributes: { start, step }, outputs }) => ({
    start,
    step,
    // Half a step short of the next: no rounding adds one.
    stop: (start as number) + ((outputs[0]!.shape[0] ?? 0) - 0.5) * (step as number),
    dtype: outputs[0]!.dtype,
  })),
};

export const isReplayed = (kernel: string): boolean => Object.hasOwn(ROWS, kernel);

/** @throws Error for a kernel without a row, and what TF.js throws */
export function runKernel(tf: typeof TensorFlow, kernel: string, call: KernelCall): TensorFlow.Tensor[] {
  if (!isReplayed(kernel)) throw new Error(`the operation ${kernel} cannot be replayed`);
  const { kernel: name = kernel, isList, attributes } = ROWS[kernel]!;
  // TF.js swaps the input's name: Reshape and ExpandDims differ in nothing else.
  const inputs = name === kernel ? call.inputs : { x: Object.values(call.inputs)[0]! };
  const given = isList ? Object.values(inputs) : inputs;
  const result = tf
    .engine()
    .runKernel(name, given as never, attributes(call) as never) as unknown as TensorFlow.Tensor;
  return [result].flat();
}
