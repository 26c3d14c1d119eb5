/** The rules that kernels of one kind share: what comes out of elementwise ones, windows, reductions, and parts of values. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Attributes, Dtype, Shape } from '../graph/graph.js';
import type { Inferred, RawAttributes, Spec } from './spec.js';
import { type Geometry, geometryOf } from './windows.js';

export type Rule = (
  inputs: Record<string, Spec>,
  attributes: RawAttributes,
  tf: typeof TensorFlow,
) => Inferred;

export const one = (shape: Shape, dtype: Dtype, attributes: Attributes = {}): Inferred => ({
  outputs: [{ shape: [...shape], dtype }],
  attributes,
});

export const list = (inputs: Record<string, Spec>): Spec[] => Object.values(inputs);

/** The axis counted from the front. */
export const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export const axesOf = (axis: number | number[] | undefined | null, { shape }: Spec): number[] => {
  if (axis === undefined || axis === null) return shape.map((_, at) => at);
  return [axis]
    .flat()
    .map((at) => positive(at, shape.length))
    .sort((a, b) => a - b);
};

export const upcast = (a: Dtype, b: Dtype): Dtype =>
  a === 'float32' || b === 'float32' ? 'float32' : a === 'int32' || b === 'int32' ? 'int32' : 'bool';

/** Elementwise, of one input. */
export const like =
  (dtype?: Dtype, keep: string[] = []): Rule =>
  (inputs, attributes) => {
    const [first] = list(inputs);
    const kept = keep.filter((name) => attributes[name] !== undefined);
    const entries = kept.map((name) => [name, attributes[name]] as const);
    return one(first!.shape, dtype ?? first!.dtype, Object.fromEntries(entries));
  };

export const binary =
  (dtype?: Dtype): Rule =>
  ({ a, b }, _, tf) =>
    one(
      tf.backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]),
      dtype ?? upcast(a!.dtype, b!.dtype),
    );

export const reduction =
  (dtypeOf: (dtype: Dtype) => Dtype = (dtype) => dtype): Rule =>
  ({ x }, { axis, reductionIndices, keepDims }) => {
    const axes = axesOf(axis ?? reductionIndices, x!);
    const shape = keepDims
      ? x!.shape.map((length, at) => (axes.includes(at) ? 1 : length))
      : x!.shape.filter((_, at) => !axes.includes(at));
    return one(shape, dtypeOf(x!.dtype), { axes, keepDims: keepDims === true });
  };

export const argument: Rule = ({ x }, { axis }) => {
  const [at] = axesOf(axis, x!);
  return one(
    x!.shape.filter((_, i) => i !== at),
    'int32',
    { axis: at! },
  );
};

export const matrices: Rule = ({ a, b }, { transposeA, transposeB, activation, leakyreluAlpha }, tf) => {
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

export const convolution =
  (depthwise: boolean): Rule =>
  ({ x, filter }, raw, tf) => {
    const geometry = geometryOf(tf, x!.shape, filter!.shape, raw, depthwise);
    const activation = activationOf(raw.activation, raw.leakyreluAlpha);
    return one(geometry.outShape, 'float32', { ...geometry.attributes, ...activation });
  };

export const convolutionInputGradient =
  (depthwise: boolean): Rule =>
  ({ filter }, raw, tf) =>
    one(raw.inputShape, 'float32', geometryOf(tf, raw.inputShape, filter!.shape, raw, depthwise).attributes);

export const convolutionFilterGradient =
  (depthwise: boolean): Rule =>
  ({ x }, raw, tf) =>
    one(raw.filterShape, 'float32', geometryOf(tf, x!.shape, raw.filterShape, raw, depthwise).attributes);

const poolingGeometry = (tf: typeof TensorFlow, shape: Shape, raw: RawAttributes): Geometry =>
  geometryOf(tf, shape, [...[raw.filterSize, raw.filterSize].flat().slice(0, 2), 0, 0], raw, true);

export const pooling: Rule = ({ x }, raw, tf) => {
  const { outShape, attributes } = poolingGeometry(tf, x!.shape, raw);
  return one([...outShape.slice(0, 3), x!.shape[3]!], x!.dtype, attributes);
};

export const poolingGradient: Rule = ({ input }, raw, tf) =>
  one(input!.shape, 'float32', poolingGeometry(tf, input!.shape, raw).attributes);

export const resize: Rule = ({ images }, { size, alignCorners, halfPixelCenters }) => {
  const [n, , , channels] = images!.shape;
  const flags = { alignCorners: alignCorners === true, halfPixelCenters: halfPixelCenters === true };
  return one([n!, ...size, channels!], 'float32', flags);
};

export const resizeGradient: Rule = ({ images }, { alignCorners, halfPixelCenters }) => {
  const flags = { alignCorners: alignCorners === true, halfPixelCenters: halfPixelCenters === true };
  return one(images!.shape, 'float32', flags);
};

export const concatenated: Rule = (inputs, { axis }) => {
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

export const split: Rule = ({ x }, { axis, numOrSizeSplits }, tf) => {
  const at = positive(axis ?? 0, x!.shape.length);
  const spec = { shape: [...x!.shape] } as TensorFlow.Tensor;
  const sizes = tf.backend_util.prepareSplitSize(spec, numOrSizeSplits, at);
  const outputs = sizes.map((size) => ({
    shape: x!.shape.map((length, i) => (i === at ? size : length)),
    dtype: x!.dtype,
  }));
  return { outputs, attributes: { axis: at } };
};

export const unpacked: Rule = ({ value }, { axis }) => {
  const at = positive(axis, value!.shape.length);
  const shape = value!.shape.filter((_, i) => i !== at);
  const outputs = Array.from({ length: value!.shape[at]! }, () => ({ shape, dtype: value!.dtype }));
  return { outputs, attributes: { axis: at } };
};

export const sliced: Rule = ({ x }, { begin, size }, tf) => {
  const spec = { shape: [...x!.shape], rank: x!.shape.length } as TensorFlow.Tensor;
  const [from, lengths] = tf.slice_util.parseSliceParams(spec, begin, size);
  return one(lengths!, x!.dtype, { begin: from! });
};

export const stridedSlice: Rule = ({ x }, raw, tf) => {
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

export const gathered: Rule = ({ x, indices }, { axis, batchDims }) => {
  if (batchDims) throw new Error('GatherV2 with batch dimensions');
  const at = positive(axis ?? 0, x!.shape.length);
  return one([...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)], x!.dtype, {
    axis: at,
  });
};
