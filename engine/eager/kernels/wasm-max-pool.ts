/**
 * The gradient of max pooling on TF.js's wasm backend. TF.js 4.22 starts its search for a window's maximum at
 * the smallest positive float32, so windows of negative values (after batch normalization, for example) send
 * their gradient nowhere near it. Here the search starts at the window's first value.
 */
import type * as TensorFlow from '@tensorflow/tfjs';

type Tf = typeof TensorFlow;
type Info = TensorFlow.TensorInfo;

interface PoolAttrs {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The part of the backend that is used here. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32'): Info;
  typedArrayFromHeap(info: Info): Float32Array;
}

export function replaceMaxPoolGradient(tf: Tf): void {
  const name = { kernelName: 'MaxPoolGrad', backendName: 'wasm' };
  tf.unregisterKernel(name.kernelName, name.backendName);
  tf.registerKernel({
    ...name,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { dy, input } = inputs as unknown as { dy: Info; input: Info };
      return maxPoolGradient(tf, backend as unknown as WasmBackend, dy, input, attrs as unknown as PoolAttrs);
    },
  });
}

/** Channels last: [batch, height, width, channels]. Of equal values the first is the maximum, as on `cpu`. */
function maxPoolGradient(tf: Tf, backend: WasmBackend, dy: Info, input: Info, attrs: PoolAttrs): Info {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = input.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { batchSize, inHeight, inWidth, outHeight, outWidth, inChannels: channels } = info;
  const result = backend.makeOutput(input.shape, 'float32');
  // Views of the backend's memory, which allocating may move: taken last.
  const [x, given, into] = [input, dy, result].map((info) => backend.typedArrayFromHeap(info)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  into.fill(0);
  let at = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - info.padInfo.top;
      const [fromRow, toRow] = [Math.max(0, top), Math.min(inHeight, top + info.filterHeight)];
      for (let column = 0; column < outWidth; column++) {
        const left = column * info.strideWidth - info.padInfo.left;
        const [fromColumn, toColumn] = [Math.max(0, left), Math.min(inWidth, left + info.filterWidth)];
        for (let channel = 0; channel < channels; channel++, at++) {
          let best = ((n * inHeight + fromRow) * inWidth + fromColumn) * channels + channel;
          for (let r = fromRow; r < toRow; r++) {
            for (let c = fromColumn; c < toColumn; c++) {
              const candidate = ((n * inHeight + r) * inWidth + c) * channels + channel;
              if (x[candidate]! > x[best]!) best = candidate;
            }
          }
          into[best]! += given[at]!;
        }
      }
    }
  }
  return result;
}
