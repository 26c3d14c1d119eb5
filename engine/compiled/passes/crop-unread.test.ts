import { describe, expect, it } from 'vitest';
import { GraphMaker, input } from '../../../test/support/compiled/graphs.js';
import type { Graph } from '../graph/graph.js';
import { cropUnread } from './crop-unread.js';

const window = (kernel: number, stride: number, pad = 0) => ({
  kernel: [kernel, kernel],
  strides: [stride, stride],
  dilations: [1, 1],
  pads: [pad, pad, pad, pad],
});

/** Each operator with what it makes. */
const shapesOf = ({ nodes }: Graph) => nodes.map(({ kernel, outputs }) => `${kernel} ${outputs[0]!.shape}`);

/** A convolution and a pooling of 2x2, and the gradient of the filter. */
function network(pad: number) {
  const make = new GraphMaker();
  const x = input('x', [2, 8, 9, 1]);
  const size = [6 + 2 * pad, 7 + 2 * pad];
  const z = make.node('Conv2D', { x, filter: input('w', [3, 3, 1, 4]) }, [2, ...size, 4], window(3, 1, pad));
  const y = make.node('MaxPool', { x: z }, [2, ...size.map((n) => n >> 1), 4], window(2, 2));
  const dz = make.node('MaxPoolGrad', { dy: y, input: z, output: y }, [...z.shape], window(2, 2));
  const dw = make.node('Conv2DBackpropFilter', { x, dy: dz }, [3, 3, 1, 4], window(3, 1, pad));
  return { make, z, y, dw };
}

describe('pixels that nothing reads', () => {
  it('are not computed, forwards and backwards, and of the input nothing is taken for them', () => {
    const { make, y, dw } = network(0);
    expect(shapesOf(cropUnread(make.graph({ y, dw })))).toEqual([
      'Slice 2,8,8,1',
      'Conv2D 2,6,6,4',
      'MaxPool 2,3,3,4',
      'MaxPoolGrad 2,6,6,4',
      'Conv2DBackpropFilter 3,3,1,4',
    ]);
  });

  it('are computed where somebody else reads them', () => {
    const { make, y, dw, z } = network(0);
    const graph = make.graph({ y, dw, z });
    expect(cropUnread(graph)).toBe(graph);
  });

  it('are computed where the image is padded: its border would be another', () => {
    const { make, y, dw } = network(1);
    const graph = make.graph({ y, dw });
    expect(cropUnread(graph)).toBe(graph);
  });

  it('are computed where their zeros are added to something', () => {
    const make = new GraphMaker();
    const [dy, filter] = [input('dy', [2, 3, 3, 4]), input('w', [1, 1, 5, 4])];
    const dx = make.node('Conv2DBackpropInput', { dy, filter }, [2, 6, 6, 5], window(1, 2));
    const y = make.node('Add', { a: dx, b: input('other', [2, 6, 6, 5]) }, [2, 6, 6, 5]);
    const graph = make.graph({ y });
    expect(cropUnread(graph)).toBe(graph);
  });
});
