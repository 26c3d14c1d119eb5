/** Graphs that a hostile coordinator serves: nothing is made of one that asks for more than a machine has. */
import { describe, expect, it } from 'vitest';
import { checkGraph } from './check-graph.js';
import type { Attributes, Shape } from './graph.js';

const dtype = 'float32';
const input = (...shape: number[]) => ({ input: `weight:${shape}`, shape, dtype });
/** A kernel that reads all `values`, by the names of `inputs`, and tells that it makes a value of `output`. */
function graphOf(
  kernel: string,
  values: object[],
  {
    inputs = ['x'],
    attributes = {},
    output = [1] as Shape,
  }: { inputs?: string[]; attributes?: Attributes; output?: Shape } = {},
): object {
  const node = {
    kernel,
    inputs: Object.fromEntries(inputs.map((name, place) => [name, place])),
    attributes,
    outputs: [{ shape: output, dtype }],
  };
  return { values, nodes: [node], outputs: [{ name: 'loss', value: values.length }] };
}
const window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

describe('a graph', () => {
  it('is taken where it is one', () => {
    const graph = graphOf('BatchMatMul', [input(32, 784), input(784, 10)], {
      inputs: ['a', 'b'],
      attributes: { transposeA: false, transposeB: false, activation: 'linear', alpha: 0.2 },
      output: [32, 10],
    });
    expect(() => checkGraph(graph)).not.toThrow();
  });

  it.each<[string, object, RegExp]>([
    [
      'a constant of 1.2 GB in a few bytes',
      graphOf('Relu', [{ constant: [1], shape: [3e8], dtype }]),
      /too big|300000000/i,
    ],
    [
      '...by the product of its axes',
      graphOf('Relu', [{ constant: [1], shape: [30_000, 10_000], dtype }]),
      /a value of 300000000 elements/,
    ],
    [
      'a constant of another length',
      graphOf('Relu', [{ constant: [1, 2], shape: [3], dtype }]),
      /2 values for 3 elements/,
    ],
    [
      'random numbers without end',
      graphOf('Relu', [
        {
          random: 'r',
          draw: { distribution: 'normal', offset: 0, scale: 1, seedIndex: 0 },
          shape: [2 ** 20, 2 ** 20],
          dtype,
        },
      ]),
      /a value of/,
    ],
    [
      'an outer sum',
      graphOf('Add', [input(2 ** 20, 1), input(1, 2 ** 20)], { inputs: ['a', 'b'] }),
      /Add makes 1099511627776 elements/,
    ],
    [
      'an outer product',
      graphOf('BatchMatMul', [input(2 ** 20, 1), input(1, 2 ** 20)], { inputs: ['a', 'b'] }),
      /BatchMatMul makes/,
    ],
    [
      'one of transposed matrices',
      graphOf('_FusedMatMul', [input(1, 2 ** 20), input(2 ** 20, 1)], {
        inputs: ['a', 'b'],
        attributes: { transposeA: true, transposeB: true },
      }),
      /_FusedMatMul makes/,
    ],
    [
      'a tile a billion times',
      graphOf('Tile', [input(1)], { attributes: { reps: [1e9] } }),
      /Tile makes 1000000000/,
    ],
    [
      'padding around nothing',
      graphOf('PadV2', [input(1, 1)], {
        attributes: { before: [2 ** 20, 0], after: [0, 2 ** 20], value: 0 },
      }),
      /PadV2 makes/,
    ],
    [
      'the same row again and again',
      graphOf('GatherV2', [input(2, 2 ** 20), input(2 ** 20)], {
        inputs: ['x', 'indices'],
        attributes: { axis: 0 },
      }),
      /GatherV2 makes/,
    ],
    [
      'a class for each of billions',
      graphOf('OneHot', [input(2 ** 20)], { inputs: ['indices'], output: [2 ** 20] }),
      /OneHot makes/,
    ],
    [
      'many copies of one value',
      graphOf('Concat', new Array(300).fill(input(2 ** 20)), {
        inputs: Array.from({ length: 300 }, (_, i) => `${i}`),
        attributes: { axis: 0 },
      }),
      /Concat makes 314572800/,
    ],
    [
      'a convolution of padding',
      graphOf('Conv2D', [input(1, 1, 1, 1), input(1, 1, 1, 1)], {
        inputs: ['x', 'filter'],
        attributes: { ...window, pads: [2 ** 20, 2 ** 20, 0, 0] },
      }),
      /Conv2D makes/,
    ],
    [
      'a pool of padding',
      graphOf('MaxPool', [input(1, 1, 1, 1)], { attributes: { ...window, pads: [2 ** 20, 2 ** 20, 0, 0] } }),
      /MaxPool makes/,
    ],
    [
      'an image from far strides',
      graphOf('Conv2DBackpropInput', [input(1, 2, 2, 1), input(1, 1, 1, 1)], {
        inputs: ['dy', 'filter'],
        attributes: { ...window, strides: [2 ** 20, 2 ** 20] },
      }),
      /Conv2DBackpropInput makes/,
    ],
    [
      'a value that it tells to be too large',
      graphOf('Fill', [], { inputs: [], attributes: { value: 1 }, output: [2 ** 15, 2 ** 15] }),
      /Fill makes 1073741824/,
    ],
    ['what does not exist', { values: [], nodes: [], outputs: [{ name: 'loss', value: 7 }] }, /no value 7/],
    ['an axis that is none', graphOf('Relu', [input(-1)]), /values\.0/],
    ['a type that is none', graphOf('Relu', [{ ...input(1), dtype: 'float64' }]), /values\.0/],
    ['no graph', [], /all of it/],
  ])('is refused with %s', (_what, graph, reason) => {
    expect(() => checkGraph(graph)).toThrow(reason);
  });

  it('is refused where all that must be held at once is too much, and taken where one value follows the other', () => {
    const big = [2 ** 28];
    const values = [{ constant: [0], shape: [1], dtype }];
    /** Each value is read by the next kernel; `kept`: and by the last. */
    const chain = (kept: boolean) => ({
      values,
      nodes: [
        ...Array.from({ length: 8 }, (_, i) => ({
          kernel: 'Relu',
          inputs: { x: i },
          attributes: {},
          outputs: [{ shape: big, dtype }],
        })),
        {
          kernel: 'AddN',
          inputs: Object.fromEntries((kept ? [1, 2, 3, 4, 5, 6, 7, 8] : [8]).map((place) => [place, place])),
          attributes: {},
          outputs: [{ shape: [1], dtype }],
        },
      ],
      outputs: [{ name: 'loss', value: 9 }],
    });
    expect(() => checkGraph(chain(false))).not.toThrow();
    expect(() => checkGraph(chain(true))).toThrow(/\d+ elements must be held at once/);
  });
});
