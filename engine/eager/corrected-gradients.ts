/**
 * Gradients of TF.js 4.22 that are wrong, put right: found by numeric differentiation, or where a function has a kink
 * by comparison with PyTorch, and the same for the eager engines and for traces. In place for good once an engine has started.
 */
import type * as TensorFlow from '@tensorflow/tfjs';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;
type Tensor4D = TensorFlow.Tensor4D;

/** One `tf` may be had as several objects. */
const corrected = new WeakSet<object>();

export function correctGradients(tf: Tf): void {
  if (corrected.has(tf.engine())) return;
  corrected.add(tf.engine());
  tf.registerGradient(averagePoolGradient(tf, tf.getGradient('AvgPool')));
  tf.registerGradient(nearestNeighborGradient(tf, tf.getGradient('ResizeNearestNeighbor')));
  tf.registerGradient(absoluteGradient(tf, tf.getGradient('Abs')));
  tf.registerGradient(relu6Gradient(tf, tf.getGradient('Relu6')));
  for (const kernel of ['Max', 'Min']) tf.registerGradient(extremeGradient(tf, tf.getGradient(kernel)));
  for (const kernel of COMPARISONS) tf.registerGradient(comparisonGradient(tf, kernel));
}

const COMPARISONS = [
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'],
  'LogicalNot',
];

/** 0. TF.js has none, and so no gradient of `tf.where` with a condition on what is differentiated. */
function comparisonGradient(tf: Tf, kernelName: string): TensorFlow.GradConfig {
  const inputs = kernelName === 'LogicalNot' ? ['x'] : ['a', 'b'];
  return {
    kernelName,
    inputsToSave: inputs,
    gradFunc: (_dy, saved) =>
      Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape)])),
  };
}

/** 0 at 0, where TF.js has -1: an L1 penalty then leaves a weight of 0 alone. */
function absoluteGradient(tf: Tf, original: TensorFlow.GradConfig): TensorFlow.GradConfig {
  return {
    ...original,
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy as Tensor, tf.sign(tf.cast(x!, 'float32'))) }),
  };
}

/** 0 at 6, where TF.js has 1. */
function relu6Gradient(tf: Tf, original: TensorFlow.GradConfig): TensorFlow.GradConfig {
  return {
    ...original,
    gradFunc: (dy, [x]) => ({
      x: () => tf.mul(dy as Tensor, tf.mul(tf.step(x!), tf.step(tf.sub(6, x!)))),
    }),
  };
}

/** Gives each of several equal inputs its share of the gradient; TF.js gives each the whole. */
function extremeGradient(tf: Tf, original: TensorFlow.GradConfig): TensorFlow.GradConfig {
  return {
    ...original,
    gradFunc: (dy, [x, y], attributes) => {
      const { axis, reductionIndices = axis } = attributes as unknown as Axes;
      const axes = tf.util.parseAxisParam(reductionIndices!, x!.shape);
      const kept = x!.shape.map((length, at) => (axes.includes(at) ? 1 : length));
      return {
        x: () => {
          const isExtreme = tf.cast(tf.equal(x!, tf.reshape(y!, kept)), 'float32');
          const share = tf.div(tf.reshape(dy as Tensor, kept), tf.sum(isExtreme, axes, true));
          return tf.mul(share, isExtreme);
        },
      };
    },
  };
}

interface Axes {
  axis?: number | number[];
  reductionIndices?: number | number[];
}

/**
 * The forward pass averages over the inputs that a window has; TF.js's gradient divides by the window's size
 * also where padding takes part. So dy is multiplied by size / inputs before.
 */
function averagePoolGradient(tf: Tf, original: TensorFlow.GradConfig): TensorFlow.GradConfig {
  return {
    ...original,
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved as [Tensor4D];
      const { filterSize, strides, pad, dimRoundingMode } = attributes as unknown as PoolAttributes;
      const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode);
      const { top, bottom, left, right } = info.padInfo;
      if (top + bottom + left + right === 0) return original.gradFunc(dy, saved, attributes);
      const shares = (length: number, results: number, window: number, stride: number, before: number) =>
        Array.from({ length: results }, (_, i) => {
          const from = i * stride - before;
          return window / (Math.min(length, from + window) - Math.max(0, from));
        });
      const rows = shares(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, top);
      const columns = shares(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, left);
      const factors = tf.tensor4d(
        rows.flatMap((row) => columns.map((column) => row * column)),
        [1, rows.length, columns.length, 1],
      );
      return original.gradFunc(tf.mul(dy as Tensor4D, factors), saved, attributes);
    },
  };
}

interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** TF.js looks for the gradients of all images but the first in a wrong place. By whole factors it is a sum. */
function nearestNeighborGradient(tf: Tf, original: TensorFlow.GradConfig): TensorFlow.GradConfig {
  return {
    ...original,
    gradFunc: (dy, saved, attributes) => {
      const [images] = saved as [Tensor4D];
      const [n, height, width, channels] = images.shape;
      const [, large, wide] = (dy as Tensor4D).shape;
      const [down, right] = [large! / height, wide! / width];
      const { alignCorners } = attributes as unknown as { alignCorners: boolean };
      if (alignCorners || !Number.isInteger(down) || !Number.isInteger(right)) {
        return original.gradFunc(dy, saved, attributes);
      }
      const apart = [n, height, down, width, right * channels];
      return {
        images: () => {
          const rows = tf.sum(tf.reshape(dy as Tensor4D, apart), 2);
          return tf.sum(tf.reshape(rows, [n, height, width, right, channels]), 3);
        },
      };
    },
  };
}
