/**
 * What each kernel of TF.js returns: shapes and dtypes from those of its inputs. A row a kernel; a kernel
 * without one cannot be traced. Attributes are brought into one form on the way: axes as lists, windows as
 * numbers in place of `same` and `valid`, so that reading the graph needs no TF.js.
 */

import { sizeOf } from '../../../shared/numerics/shape.js';
import { ARITHMETIC, COMPARISONS, ELEMENTWISE } from '../graph/kernel-names.js';
import {
  argument,
  axesOf,
  binary,
  concatenated,
  convolution,
  convolutionFilterGradient,
  convolutionInputGradient,
  gathered,
  like,
  list,
  matrices,
  one,
  pooling,
  poolingGradient,
  positive,
  type Rule,
  reduction,
  resize,
  resizeGradient,
  sliced,
  split,
  stridedSlice,
  unpacked,
  upcast,
} from './shape-rules.js';

const each = (names: readonly string[], rule: Rule): Record<string, Rule> =>
  Object.fromEntries(names.map((name) => [name, rule]));

export const SHAPES: Readonly<Record<string, Rule>> = {
  ...each(ELEMENTWISE, like()),
  ...each(ARITHMETIC, binary()),
  ...each(COMPARISONS, binary('bool')),
  RealDiv: binary('float32'),
  LeakyRelu: like(undefined, ['alpha']),
  Step: like(undefined, ['alpha']),
  ClipByValue: like(undefined, ['clipValueMin', 'clipValueMax']),
  Cumsum: ({ x }, { axis, exclusive, reverse }) =>
    one(x!.shape, x!.dtype, {
      axis: positive(axis ?? 0, x!.shape.length),
      exclusive: exclusive === true,
      reverse: reverse === true,
    }),
  Reverse: ({ x }, { dims }) => one(x!.shape, x!.dtype, { axes: axesOf(dims, x!) }),
  Prelu: ({ x }) => one(x!.shape, 'float32'),
  EluGrad: ({ dy }) => one(dy!.shape, 'float32'),
  AddN: like(),
  Cast: ({ x }, { dtype }) => one(x!.shape, dtype),
  Select: ({ t, e }) => one(t!.shape, upcast(t!.dtype, e!.dtype)),

  BatchMatMul: matrices,
  _FusedMatMul: matrices,
  Conv2D: convolution(false),
  FusedConv2D: convolution(false),
  Conv2DBackpropInput: convolutionInputGradient(false),
  Conv2DBackpropFilter: convolutionFilterGradient(false),
  DepthwiseConv2dNative: convolution(true),
  FusedDepthwiseConv2D: convolution(true),
  DepthwiseConv2dNativeBackpropInput: convolutionInputGradient(true),
  DepthwiseConv2dNativeBackpropFilter: convolutionFilterGradient(true),
  MaxPool: pooling,
  AvgPool: pooling,
  MaxPoolGrad: poolingGradient,
  AvgPoolGrad: poolingGradient,
  ResizeNearestNeighbor: resize,
  ResizeBilinear: resize,
  ResizeNearestNeighborGrad: resizeGradient,
  ResizeBilinearGrad: resizeGradient,

  Sum: reduction((dtype) => (dtype === 'bool' ? 'int32' : dtype)),
  Mean: reduction(() => 'float32'),
  Max: reduction(),
  Min: reduction(),
  Prod: reduction(),
  All: reduction(() => 'bool'),
  Any: reduction(() => 'bool'),
  ArgMax: argument,
  ArgMin: argument,
  Softmax: ({ logits }, { dim }) =>
    one(logits!.shape, 'float32', { axis: positive(dim, logits!.shape.length) }),
  LogSoftmax: ({ logits }, { axis }) =>
    one(logits!.shape, 'float32', { axis: positive(axis, logits!.shape.length) }),
  FusedBatchNorm: ({ x }, { varianceEpsilon }) => one(x!.shape, 'float32', { varianceEpsilon }),

  Reshape: ({ x }, { shape }, tf) => one(tf.util.inferFromImplicitShape(shape, sizeOf(x!.shape)), x!.dtype),
  ExpandDims: ({ input }, { dim }) => {
    const at = positive(dim, input!.shape.length + 1);
    return one([...input!.shape.slice(0, at), 1, ...input!.shape.slice(at)], input!.dtype);
  },
  Transpose: ({ x }, { perm }) =>
    one(
      perm.map((axis: number) => x!.shape[axis]),
      x!.dtype,
      { perm },
    ),
  Tile: ({ x }, { reps }) =>
    one(
      x!.shape.map((length, axis) => length * reps[axis]),
      x!.dtype,
      { reps },
    ),
  BroadcastTo: ({ x }, { shape }) => one(shape, x!.dtype),
  Slice: sliced,
  StridedSlice: stridedSlice,
  Concat: concatenated,
  Pack: (inputs, { axis }) => {
    const all = list(inputs);
    const { shape, dtype } = all[0]!;
    const at = positive(axis, shape.length + 1);
    return one([...shape.slice(0, at), all.length, ...shape.slice(at)], dtype, { axis: at });
  },
  Unpack: unpacked,
  SplitV: split,
  PadV2: ({ x }, { paddings, constantValue }) => {
    const pairs = paddings as [number, number][];
    return one(
      x!.shape.map((length, axis) => length + pairs[axis]![0] + pairs[axis]![1]),
      x!.dtype,
      {
        before: pairs.map(([before]) => before),
        after: pairs.map(([, after]) => after),
        value: constantValue ?? 0,
      },
    );
  },
  GatherV2: gathered,
  UnsortedSegmentSum: ({ x, segmentIds }, { numSegments }) =>
    one([numSegments, ...x!.shape.slice(segmentIds!.shape.length)], x!.dtype),
  OneHot: ({ indices }, { depth, dtype, onValue, offValue }) =>
    one([...indices!.shape, depth], dtype ?? 'float32', { onValue: onValue ?? 1, offValue: offValue ?? 0 }),
  Fill: (_, { shape, value, dtype }) => one(shape, dtype ?? 'float32', { value }),
  Range: (_, { start, stop, step, dtype }) => {
    const length = Math.max(0, Math.ceil((stop - start) / step));
    return one([length], dtype ?? 'float32', { start, step });
  },

  // Closed forms of gradients, recorded by `gradients.ts`; no kernels of TF.js.
  BatchNormGradient: ({ x, mean }, { varianceEpsilon }) => ({
    outputs: [x!, mean!, mean!].map(({ shape }) => ({ shape, dtype: 'float32' as const })),
    attributes: { varianceEpsilon },
  }),
  LayerNormGradient: ({ x, mean }, { varianceEpsilon }) => ({
    outputs: [x!, mean!].map(({ shape }) => ({ shape, dtype: 'float32' as const })),
    attributes: { varianceEpsilon },
  }),
};
