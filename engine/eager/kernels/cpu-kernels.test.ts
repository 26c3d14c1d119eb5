/** The kernels that replace some of TF.js's `cpu` backend, held to the bits of TF.js's own. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { installCpuKernels } from './cpu-kernels.js';

const kernels = (): tf.KernelFunc[] =>
  ['Conv2DBackpropFilter', 'UnsortedSegmentSum'].map((name) => tf.getKernel(name, 'cpu').kernelFunc);
let [original, originalSum]: tf.KernelFunc[] = [];
let [ours, ourSum]: tf.KernelFunc[] = [];

beforeAll(async () => {
  await tf.setBackend('cpu');
  [original, originalSum] = kernels();
  installCpuKernels(tf);
  [ours, ourSum] = kernels();
  expect(ours).not.toBe(original);
  expect(ourSum).not.toBe(originalSum);
});

const valuesOf = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info).dataSync();

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
        expect(valuesOf(given!)).toEqual(valuesOf(wanted!));
      });
    }),
    { numRuns: 300 },
  );
});

it('sums of segments, as of an embedding, have the same bits, with segments that are empty or not there', () => {
  const segments = fc.record({
    ids: fc.array(fc.integer({ min: -1, max: 6 }), { maxLength: 12 }),
    inner: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(segments, ({ ids, inner }) => {
      tf.tidy(() => {
        const inputs = { x: wave([ids.length, ...inner], 1.7), segmentIds: tf.tensor1d(ids, 'int32') };
        const params = { inputs, backend: tf.backend(), attrs: { numSegments: 5 } };
        const [given, wanted] = [ourSum!(params), originalSum!(params)] as tf.TensorInfo[];
        expect(given!.shape).toEqual(wanted!.shape);
        expect(valuesOf(given!)).toEqual(valuesOf(wanted!));
      });
    }),
  );
});
