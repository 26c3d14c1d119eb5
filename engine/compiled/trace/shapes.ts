/**
 * What each kernel of TF.js returns: shapes and dtypes from those of its inputs. A row a kernel; a kernel
 * without one cannot be traced. Attributes are brought into one form on the way: axes as lists, windows as
 * numbers in place of `same` and `valid`, so that reading the graph needs no TF.js.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { sizeOf } from '../../../shared/numerics/shape.js';
import type { Attributes, Dtype, Shape } from '../graph/graph.js';
import type { Inferred, RawAttributes, Spec } from './spec.js';
import { type Geometry, geometryOf } from './windows.js';

type Rule = (inputs: Record<string, Spec>, attributes: RawAttributes, tf: typeof TensorFlow) => Inferred;

const one = (shape: Shape, dtype: Dtype, attributes: Attributes = {}): Inferred => ({
  outputs: [{ shape: [...shape], dtype }],
  attributes,
});

const list = (inputs: Record<string, Spec>): Spec[] => Object.values(inputs);

/** The axis counted from the front. */
const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const axesOf = (axis: number | number[] | undefined | null, { shape }: Spec): number[] => {
  if (axis === undefined || axis === null) return shape.map((_, at) => at);
  return [axis]
    .flat()
    .map((at) => positive(at, shape.length))
    .sort((a, b) => a - b);
};

const upcast = (a: Dtype, b: Dtype): Dtype =>
  a === 'float32' || b === 'float32' ? 'float32' : a === 'int32' || b === 'int32' ? 'int32' : 'bool';

/** Elementwise, of one input. */
const like =
  (dtype?: Dtype, keep: string[] = []): Rule =>
  (inputs, attributes) => {
    const [first] = list(inputs);
    const kept = keep.filter((name) => attributes[name] !== undefined);
    const entries = kept.map((name) => [name, attributes[name]] as const);
    return one(first!.shape, dtype ?? first!.dtype, Object.fromEntries(entries));
  };

const binary =
  (dtype?: Dtype): Rule =>
  ({ a, b }, _, tf) =>
    one(
      tf.backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]),
      dtype ?? upcast(a!.dtype, b!.dtype),
    );

const reduction =
  (dtypeOf: (dtype: Dtype) => Dtype = (dtype) => dtype): Rule =>
  ({ x }, { axis, reductionIndices, keepDims }) => {
    const axes = axesOf(axis ?? reductionIndices, x!);
    const shape = keepDims
      ? x!.shape.map((length, at) => (axes.includes(at) ? 1 : length))
      : x!.shape.filter((_, at) => !axes.includes(at));
    return one(shape, dtypeOf(x!.dtype), { axes, keepDims: keepDims === true });
  };

const argument: Rule = ({ x }, { axis }) => {
  const [at] = axesOf(axis, x!);
  return one(
    x!.shape.filter((_, i) => i !== at),
    'int32',
    { axis: at! },
  );
};

const matrices: Rule = ({ a, b }, { transposeA, transposeB, activation, leakyreluAlpha }, tf) => {
  const batch = tf.backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const rows = a!.shape.at(transposeA ? -1 : -2)!;
  const columns = b!.shape.at(transposeB ? -2 : -1)!;
  const flags = { transposeA: transposeA === true, transposeB: transposeB === true };
  return one([...batch, rows, columns], 'float32', { ...flags, ...activationOf(activation, leakyreluAlpha) });
};

const activationOf = (activation: string | undefined | null, alpha: number | undefined): Attributes => ({
  activation: activation ?? 'linear',
  alpha: alpha ?? 0.2,
});

const convolution =
  (depthwise: boolean): Rule =>
  ({ x, filter }, raw, tf) => {
    const geometry = geometryOf(tf, x!.shape, filter!.shape, raw, depthwise);
    const activation = activationOf(raw.activation, raw.leakyreluAlpha);
    return one(geometry.outShape, 'float32', { ...geometry.attributes, ...activation });
  };

const convolutionInputGradient =
  (depthwise: boolean): Rule =>
  ({ filter }, raw, tf) =>
    one(raw.inputShape, 'float32', geometryOf(tf, raw.inputShape, filter!.shape, raw, depthwise).attributes);

const convolutionFilterGradient =
  (depthwise: boolean): Rule =>
  ({ x }, raw, tf) =>
    one(raw.filterShape, 'float32', geometryOf(tf, x!.shape, raw.filterShape, raw, depthwise).attributes);

const poolingGeometry = (tf: typeof TensorFlow, shape: Shape, raw: RawAttributes): Geometry =>
  geometryOf(tf, shape, [...[raw.filterSize, raw.filterSize].flat().slice(0, 2), 0, 0], raw, true);

const pooling: Rule = ({ x }, raw, tf) => {
  const { outShape, attributes } = poolingGeometry(tf, x!.shape, raw);
  return one([...outShape.slice(0, 3), x!.shape[3]!], x!.dtype, attributes);
};

const poolingGradient: Rule = ({ input }, raw, tf) =>
  one(input!.shape, 'float32', poolingGeometry(tf, input!.shape, raw).attributes);

const resize: Rule = ({ images }, { size, alignCorners, halfPixelCenters }) => {
  const [n, , , channels] = images!.shape;
  const flags = { alignCorners: alignCorners === true, halfPixelCenters: halfPixelCenters === true };
  return one([n!, ...size, channels!], 'float32', flags);
};

const resizeGradient: Rule = ({ images }, { alignCorners, halfPixelCenters }) => {
  const flags = { alignCorners: alignCorners === true, halfPixelCenters: halfPixelCenters === true };
  return one(images!.shape, 'float32', flags);
};

const concatenated: Rule = (inputs, { axis }) => {
  const all = list(inputs);
  const [first] = all;
  const at = positive(axis ?? 0, first!.shape.length);
  const length = all.reduce((sum, { shape }) => sum + shape[at]!, 0);
  return one(
    first!.shape.map((own, i) => (i === at ? length : own)),
    first!.dtype,
    { axis: at },
  );
};

const split: Rule = ({ x }, { axis, numOrSizeSplits }, tf) => {
  const at = positive(axis ?? 0, x!.shape.length);
  const spec = { shape: [...x!.shape] } as TensorFlow.Tensor;
  const sizes = tf.backend_util.prepareSplitSize(spec, numOrSizeSplits, at);
  const outputs = sizes.map((size) => ({
    shape: x!.shape.map((length, i) => (i === at ? size : length)),
    dtype: x!.dtype,
  }));
  return { outputs, attributes: { axis: at } };
};

const unpacked: Rule = ({ value }, { axis }) => {
  const at = positive(axis, value!.shape.length);
  const shape = value!.shape.filter((_, i) => i !== at);
  const outputs = Array.from({ length: value!.shape[at]! }, () => ({ shape, dtype: value!.dtype }));
  return { outputs, attributes: { axis: at } };
};

const sliced: Rule = ({ x }, { begin, size }, tf) => {
  const spec = { shape: [...x!.shape], rank: x!.shape.length } as TensorFlow.Tensor;
  const [from, lengths] = tf.slice_util.parseSliceParams(spec, begin, size);
  return one(lengths!, x!.dtype, { begin: from! });
};

const stridedSlice: Rule = ({ x }, raw, tf) => {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = raw;
  const info = tf.slice_util.sliceInfo(
    [...x!.shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  return one(info.finalShape, x!.dtype, {
    begin: info.begin,
    end: info.end,
    strides: info.strides,
    sparseShape: info.finalShapeSparse,
  });
};

const gathered: Rule = ({ x, indices }, { axis, batchDims }) => {
  if (batchDims) throw new Error('GatherV2 with batch dimensions');
  const at = positive(axis ?? 0, x!.shape.length);
  return one([...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)], x!.dtype, {
    axis: at,
  });
};

const elementwise = [
  ...['Relu', 'Relu6', 'Neg', 'Exp', 'Log', 'Log1p', 'Expm1', 'Sqrt', 'Rsqrt', 'Square', 'Tanh', 'Sigmoid'],
  ...['Softplus', 'Erf', 'Elu', 'Selu', 'Abs', 'Sign', 'Floor', 'Ceil', 'Round', 'Reciprocal', 'Sin', 'Cos'],
  ...['Tan', 'Sinh', 'Cosh', 'Asin', 'Acos', 'Atan', 'OnesLike', 'ZerosLike', 'LogicalNot'],
];
const arithmetic = [
  'Add',
  'Sub',
  'Multiply',
  'Maximum',
  'Minimum',
  'Pow',
  'SquaredDifference',
  'Mod',
  'FloorDiv',
];
const comparisons = [
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'],
];
const each = (names: string[], rule: Rule): Record<string, Rule> =>
  Object.fromEntries(names.map((name) => [name, rule]));

export const SHAPES: Readonly<Record<string, Rule>> = {
  ...each(elementwise, like()),
  ...each(arithmetic, binary()),
  ...each(comparisons, binary('bool')),
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
