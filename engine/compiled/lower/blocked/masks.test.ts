/** A mask that meets a blocked image: MLAS reorders numbers alone. */
import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { GraphMaker, input } from '../../../../test/support/compiled/graphs.js';
import { cpuRuntime } from '../../../node/compiled.js';
import { probeBlockSize } from '../../block-size.js';
import type { Value } from '../../graph/graph.js';
import { lower } from '../../lower.js';
import { blockedTarget, PORTABLE, type Target } from '../target.js';

it.each<[string, 'bool' | 'int32']>([
  ['a comparison', 'bool'],
  ['a whole number that float32 would round', 'int32'],
])('%s that is not blocked meets an image that is', async (_, dtype) => {
  const { session: options } = await cpuRuntime();
  const blockSize = await probeBlockSize({ ort, session: options });
  const image = [1, 3, 3, 32];
  const made = () => {
    const graph = new GraphMaker();
    const [x, z] = [input('x', image), input('z', image)];
    const window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
    const convolved = graph.node('Conv2D', { x, filter: input('w', [1, 1, 32, 32]) }, image, window);
    const compare = (kernel: string, a: Value, b: Value) => graph.node(kernel, { a, b }, image, {}, 'bool');
    if (dtype === 'bool') {
      const mask = graph.node(
        'LogicalAnd',
        { a: compare('Greater', z, x), b: compare('Less', z, x) },
        image,
        {},
        'bool',
      );
      const either = graph.node(
        'LogicalOr',
        { a: mask, b: compare('Less', convolved, x) },
        image,
        {},
        'bool',
      );
      return graph.graph({ y: graph.node('Select', { condition: either, t: convolved, e: x }, image) });
    }
    const whole = graph.node('Cast', { x: convolved }, image, {}, 'int32');
    const sum = graph.node('Add', { a: whole, b: input('k', image, 'int32') }, image, {}, 'int32');
    return graph.graph({ y: sum });
  };
  const size = 9 * 32;
  const feeds: Record<string, ort.Tensor> = {
    x: new ort.Tensor(
      'float32',
      Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
      image,
    ),
    z: new ort.Tensor(
      'float32',
      Float32Array.from({ length: size }, (_, i) => Math.cos(i)),
      image,
    ),
    w: new ort.Tensor(
      'float32',
      Float32Array.from({ length: 1024 }, (_, i) => Math.sin(2 * i)),
      [1, 1, 32, 32],
    ),
    k: new ort.Tensor(
      'int32',
      Int32Array.from({ length: size }, (_, i) => 2 ** 24 + 2 * i + 1),
      image,
    ),
  };
  const run = async (target: Target) => {
    const { bytes, inputs } = lower(made(), target);
    const session = await ort.InferenceSession.create(bytes, options);
    const names = inputs.map(({ source }) => (source as { name: string }).name);
    const { y } = await session.run(Object.fromEntries(names.map((name) => [name, feeds[name]!])));
    await session.release();
    return Array.from(y!.data as Float32Array);
  };
  const expected = await run(PORTABLE);
  const actual = await run(blockSize > 0 ? blockedTarget(blockSize) : PORTABLE);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
});
