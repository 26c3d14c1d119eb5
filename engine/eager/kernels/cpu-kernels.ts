/**
 * TF.js's `cpu` backend finds each factor of a filter's gradient by a call with an index for each dimension: most
 * of a convolutional network's step, and of a coordinator's start, which takes its reference from that backend.
 * Here the same products are added in the same order, to the same bits, from the arrays themselves.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { SEGMENT_SUM, segmentSum } from './cpu-segment-sum.js';
import type { FilterGradientAttrs } from './wasm-kernels.js';

type Tf = typeof TensorFlow;
type Info = TensorFlow.TensorInfo;

interface CpuBackend {
  readSync(dataId: object): Float32Array;
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): Info;
}

const BACKEND = 'cpu';
const KERNEL = 'Conv2DBackpropFilter';
const installed = new WeakSet<object>();

/** Replaces the kernels, where `tf` has that backend. */
export function installCpuKernels(tf: Tf): void {
  const original = tf.getKernel(KERNEL, BACKEND);
  if (!original || installed.has(tf.engine())) return;
  installed.add(tf.engine());
  const ofSegments = tf.getKernel(SEGMENT_SUM, BACKEND);
  tf.unregisterKernel(SEGMENT_SUM, BACKEND);
  tf.registerKernel({ ...ofSegments, kernelFunc: segmentSum(ofSegments) });
  tf.unregisterKernel(KERNEL, BACKEND);
  tf.registerKernel({
    ...original,
    kernelFunc: (params) => {
      const attrs = params.attrs as unknown as FilterGradientAttrs;
      if (attrs.dataFormat !== 'NHWC') return original.kernelFunc(params);
      const { x, dy } = params.inputs as unknown as { x: Info; dy: Info };
      return filterGradient(tf, params.backend as CpuBackend, x, dy, attrs);
    },
  });
}

function filterGradient(tf: Tf, backend: CpuBackend, x: Info, dy: Info, attrs: FilterGradientAttrs): Info {
  const { filterShape, strides, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const [values, errors] = [backend.readSync(x.dataId), backend.readSync(dy.dataId)];
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const gradient = new Float32Array(filterHeight * filterWidth * inChannels * outChannels);
  // As in TF.js: sums are of double precision until the last product is added.
  const sums = new Float64Array(inChannels * outChannels);
  for (let row = 0; row < filterHeight; row++) {
    const rows = met(row, info.padInfo.top, strideHeight, inHeight, outHeight);
    for (let column = 0; column < filterWidth; column++) {
      const columns = met(column, info.padInfo.left, strideWidth, inWidth, outWidth);
      sums.fill(0);
      for (let b = 0; b < batchSize; b++) {
        for (let y = rows.from; y < rows.to; y++) {
          const inputRow = (b * inHeight + row + y * strideHeight - info.padInfo.top) * inWidth;
          const errorRow = (b * outHeight + y) * outWidth;
          for (let z = columns.from; z < columns.to; z++) {
            const input = (inputRow + column + z * strideWidth - info.padInfo.left) * inChannels;
            const error = (errorRow + z) * outChannels;
            for (let c = 0, at = 0; c < inChannels; c++) {
              const value = values[input + c]!;
              for (let d = 0; d < outChannels; d++, at++) sums[at]! += value * errors[error + d]!;
            }
          }
        }
      }
      gradient.set(sums, (row * filterWidth + column) * sums.length);
    }
  }
  return backend.makeTensorInfo(filterShape, 'float32', gradient);
}

/** The results in one dimension for which a place of the filter meets the input, and not the padding. */
function met(place: number, before: number, stride: number, inputs: number, results: number) {
  return {
    from: Math.max(0, Math.ceil((before - place) / stride)),
    to: Math.min(results, Math.ceil((inputs + before - place) / stride)),
  };
}
