/**
 * What TF.js's wasm backend lacks for training, or does slowly, composed of its other kernels.
 *
 * Its matrix product walks transposed operands with a plain loop; transposing first makes a dense network
 * several times faster. The gradient of a convolution's filter is missing: here it is one product of the
 * unfolded input (im2col) and the output's gradient. Channels-last only, as TF.js's own default.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { replaceMaxPoolGradient } from './wasm-max-pool.js';

type Tf = typeof TensorFlow;
type Info = TensorFlow.TensorInfo;

const BACKEND = 'wasm';
let installed = false;

/** Registers the kernels with `tf`; once a process. */
export function installWasmKernels(tf: Tf): void {
  if (installed) return;
  installed = true;
  transposeBeforeProducts(tf, 'BatchMatMul');
  transposeBeforeProducts(tf, '_FusedMatMul');
  addFilterGradient(tf);
  replaceMaxPoolGradient(tf);
}

/** Calls kernels directly: what they make belongs to the caller, who must give it back. */
function kernelCalls(tf: Tf, backend: object) {
  const { disposeData } = backend as { disposeData(id: object): void };
  return {
    call: (name: string, inputs: Record<string, Info>, attrs: object) =>
      tf.getKernel(name, BACKEND).kernelFunc({ inputs, attrs: attrs as never, backend }) as Info,
    dispose: (...infos: Info[]) => {
      for (const { dataId } of infos) disposeData.call(backend, dataId);
    },
  };
}

function transposeBeforeProducts(tf: Tf, kernelName: string): void {
  const { kernelFunc, ...rest } = tf.getKernel(kernelName, BACKEND);
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({
    ...rest,
    kernelFunc: (params) => {
      const attrs = params.attrs as unknown as { transposeA: boolean; transposeB: boolean };
      const { a, b } = params.inputs as unknown as { a: Info; b: Info };
      if (!attrs.transposeA && !attrs.transposeB) return kernelFunc(params);
      const { call, dispose } = kernelCalls(tf, params.backend as object);
      const made: Info[] = [];
      const plain = (info: Info, transposed: boolean) => {
        if (!transposed) return info;
        const rank = info.shape.length;
        const perm = info.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
        const result = call('Transpose', { x: info }, { perm });
        made.push(result);
        return result;
      };
      const inputs = { ...params.inputs, a: plain(a, attrs.transposeA), b: plain(b, attrs.transposeB) };
      const result = kernelFunc({
        ...params,
        inputs: inputs as never,
        attrs: { ...params.attrs, transposeA: false, transposeB: false },
      });
      dispose(...made);
      return result;
    },
  });
}

/** The attributes that TF.js hands to the kernel, on every backend. */
export interface FilterGradientAttrs {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number;
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  filterShape: [number, number, number, number];
}

function addFilterGradient(tf: Tf): void {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: BACKEND,
    kernelFunc: (params) => {
      const { x, dy } = params.inputs as unknown as { x: Info; dy: Info };
      const attrs = params.attrs as unknown as FilterGradientAttrs;
      if (attrs.dataFormat !== 'NHWC')
        throw new Error('Conv2DBackpropFilter: channels must come last on wasm');
      return filterGradient(tf, params.backend as object, x, dy, attrs);
    },
  });
}

function filterGradient(tf: Tf, backend: object, x: Info, dy: Info, attrs: FilterGradientAttrs): Info {
  const { call, dispose } = kernelCalls(tf, backend);
  const { filterShape, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { top, bottom, left, right } = info.padInfo;
  const isPadded = top + bottom + left + right > 0;
  const paddings = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const padded = isPadded ? call('PadV2', { x }, { paddings, constantValue: 0 }) : x;
  const { batchSize, outHeight, outWidth, inChannels, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const positions = batchSize * outHeight * outWidth;

  // Row (i, j, c): what filter element (i, j, c) meets at each position.
  const rows: Info[] = [];
  for (let i = 0; i < filterHeight; i++) {
    for (let j = 0; j < filterWidth; j++) {
      const met = call(
        'StridedSlice',
        { x: padded },
        {
          begin: [0, i, j, 0],
          end: [
            batchSize,
            i + (outHeight - 1) * strideHeight + 1,
            j + (outWidth - 1) * strideWidth + 1,
            inChannels,
          ],
          strides: [1, strideHeight, strideWidth, 1],
          beginMask: 0,
          endMask: 0,
          ellipsisMask: 0,
          newAxisMask: 0,
          shrinkAxisMask: 0,
        },
      );
      rows.push(call('Transpose', { x: { ...met, shape: [positions, inChannels] } }, { perm: [1, 0] }));
      dispose(met);
    }
  }
  if (isPadded) dispose(padded);
  const unfolded = call('Concat', rows as unknown as Record<string, Info>, { axis: 0 });
  dispose(...rows);
  const a = { ...unfolded, shape: [1, ...unfolded.shape] };
  const b = { ...dy, shape: [1, positions, outChannels] };
  const product = call('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
  dispose(unfolded);
  return { ...product, shape: filterShape };
}
