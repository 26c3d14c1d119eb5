/** The kernel that replaces one of TF.js's `cpu` backend, held to the bits of TF.js's own. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { installCpuKernels } from './cpu-kernels.js';

const kernel = () => tf.getKernel('Conv2DBackpropFilter', 'cpu').kernelFunc;
let [original, ours]: tf.KernelFunc[] = [];

beforeAll(async () => {
  await tf.setBackend('cpu');
  original = kernel();
  installCpuKernels(tf);
  ours = kernel();
  expect(ours).not.toBe(original);
});

const wave = (shape: number[], frequency: number) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * frequency + 1)),
    shape,
  );

it("a filter's gradient has the same bits for every shape, stride, padding and data format", () => {
  const convolution = fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.tuple(fc.integer({ min: 3, max: 8 }), fc.integer({ min: 3, max: 8 })),
    filter: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    channels: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 })),
    pad: fc.constantFrom('valid' as const, 'same' as const),
    dataFormat: fc.constantFrom('NHWC' as const, 'NCHW' as const),
  });
  fc.assert(
    fc.property(convolution, ({ batch, size, filter, strides, channels, pad, dataFormat }) => {
      const isLast = dataFormat === 'NHWC';
      const [inChannels, outChannels] = channels;
      const shape = isLast ? [batch, ...size, inChannels] : [batch, inChannels, ...size];
      const filterShape = [...filter, inChannels, outChannels] as [number, number, number, number];
      tf.tidy(() => {
        const x = wave(shape, 1.7) as tf.Tensor4D;
        const info = tf.backend_util.computeConv2DInfo(
          x.shape,
          filterShape,
          strides,
          1,
          pad,
          undefined,
          false,
          isLast ? 'channelsLast' : 'channelsFirst',
        );
        const dy = wave(info.outShape, 1.3);
        const attrs = { strides, pad, dataFormat, filterShape } as never;
        const params = { inputs: { x, dy }, backend: tf.backend(), attrs };
        const [given, wanted] = [ours!(params), original!(params)] as tf.TensorInfo[];
        expect(given!.shape).toEqual(wanted!.shape);
        const valuesOf = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info).dataSync();
        expect(valuesOf(given!)).toEqual(valuesOf(wanted!));
      });
    }),
    { numRuns: 300 },
  );
});
