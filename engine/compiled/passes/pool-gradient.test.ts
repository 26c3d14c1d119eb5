import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../test/support/compiled/graphs.js';
import { shrinkPoolGradients } from './pool-gradient.js';

describe('the gradient of max pooling after a ReLU', () => {
  const image = input('image', [1, 4, 4, 2]);
  const dy = input('dy', [1, 2, 2, 2]);
  const built = () => {
    const make = new GraphMaker();
    const active = make.node('Relu', { x: image }, [1, 4, 4, 2]);
    const pooled = make.node('MaxPool', { x: active }, [1, 2, 2, 2]);
    const dx = make.node('MaxPoolGrad', { dy, input: active, output: pooled }, [1, 4, 4, 2]);
    const y = make.node('ReluGradient', { dy: dx, z: active }, [1, 4, 4, 2]);
    const sum = make.node('Sum', { x: y }, [2], { axes: [0, 1, 2], keepDims: false });
    return shrinkPoolGradients(make.graph({ y, sum }));
  };

  it('is gated, and summed, at the pooled size', () => {
    const gated = 'ReluGradient(dy, MaxPool(Relu(image)))';
    expect(textOf(built())).toBe(`MaxPoolGrad(${gated}, Relu(image), MaxPool(Relu(image)))`);
    expect(textOf(built(), 'sum')).toBe(`Sum(${gated})`);
  });
});
