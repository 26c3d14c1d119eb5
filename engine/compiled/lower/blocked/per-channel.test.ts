import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { GraphMaker, input } from '../../../../test/support/compiled/graphs.js';
import { cpuRuntime } from '../../../node/compiled.js';
import { lower } from '../../lower.js';

const CHANNELS = 32;
const image = [2, 3, 5, CHANNELS];
const { session: options, target } = await cpuRuntime();

const OPERATIONS: Record<string, (pixel: number, number: number) => number> = {
  Add: (pixel, number) => pixel + number,
  Sub: (pixel, number) => pixel - number,
  Multiply: (pixel, number) => pixel * number,
};

const values = (shape: number[], draw: (i: number) => number) =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => draw(i)),
    shape,
  );

it.each([
  ['Add', ['a', 'b']],
  ['Add', ['b', 'a']],
  ['Sub', ['a', 'b']],
  ['Multiply', ['a', 'b']],
  ['Multiply', ['b', 'a']],
])('%s of an image and a number for each channel (%s) rounds once for each pixel', async (kernel, order) => {
  const graph = new GraphMaker();
  const window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
  const filter = input('w', [1, 1, CHANNELS, CHANNELS]);
  const x = graph.node('Conv2D', { x: input('x', image), filter }, image, window);
  const numbers = input('v', [1, 1, 1, CHANNELS]);
  const [a, b] = order as [string, string];
  const y = graph.node(kernel, { [a]: x, [b]: numbers }, image);
  const { bytes } = lower(graph.graph({ seen: x, y }), target);
  const session = await ort.InferenceSession.create(bytes, options);
  const v = values([1, 1, 1, CHANNELS], (i) => Math.cos(3 * i));
  const results = await session.run({
    x: values(image, Math.sin),
    w: values([1, 1, CHANNELS, CHANNELS], (i) => Math.cos(i)),
    v,
  });
  await session.release();
  const expected = Array.from(results.seen!.data as Float32Array, (pixel, i) =>
    Math.fround(OPERATIONS[kernel]!(pixel, Number(v.data[i % CHANNELS]))),
  );
  expect(Array.from(results.y!.data as Float32Array)).toEqual(expected);
});
