/**
 * TF.js's `cpu` backend adds each segment by going over all of the input: the gradient of an embedding of 10,000 tokens
 * took minutes, and each coordinator of a model of texts takes its reference from there. Here the input is gone over
 * once, with the same bits: TF.js, too, adds in double precision, and rounds once.
 */
import type * as TensorFlow from '@tensorflow/tfjs';

type Info = TensorFlow.TensorInfo;

interface CpuBackend {
  readSync(dataId: object): Float32Array | Int32Array;
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): Info;
}

export const SEGMENT_SUM = 'UnsortedSegmentSum';

/** Sums over the first axis: the other kinds of segments, which no layer has, are left to TF.js. */
export function segmentSum(original: TensorFlow.KernelConfig): TensorFlow.KernelFunc {
  return (params) => {
    const { x, segmentIds } = params.inputs as unknown as { x: Info; segmentIds: Info };
    const { numSegments } = params.attrs as unknown as { numSegments: number };
    if (x.dtype !== 'float32' || segmentIds.shape.length !== 1) return original.kernelFunc(params);
    const backend = params.backend as CpuBackend;
    const [values, ids] = [backend.readSync(x.dataId), backend.readSync(segmentIds.dataId)];
    const width = ids.length === 0 ? 0 : values.length / ids.length;
    const inner = x.shape.slice(1);
    const sums = new Float64Array(numSegments * inner.reduce((product, length) => product * length, 1));
    for (const [row, id] of ids.entries()) {
      if (id < 0 || id >= numSegments) continue;
      for (let i = 0; i < width; i++) sums[id * width + i]! += values[row * width + i]!;
    }
    return backend.makeTensorInfo([numSegments, ...inner], 'float32', Float32Array.from(sums));
  };
}
