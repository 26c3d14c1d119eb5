import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../test/support/compiled/graphs.js';
import { recognizeReluGradients } from './relu-gradient.js';

const x = input('x', [4, 3]);
const z = input('z', [4, 3]);

describe('the gradient of ReLU', () => {
  it('is recognized in a product with a step', () => {
    const make = new GraphMaker();
    const y = make.node('Multiply', { a: make.node('Step', { x: z }, [4, 3]), b: x }, [4, 3]);
    expect(textOf(recognizeReluGradients(make.graph({ y })))).toBe('ReluGradient(x, z)');
  });

  it('is not that of a leaky one', () => {
    const make = new GraphMaker();
    const y = make.node('Multiply', { a: x, b: make.node('Step', { x: z }, [4, 3], { alpha: 0.2 }) }, [4, 3]);
    expect(textOf(recognizeReluGradients(make.graph({ y })))).toBe('Multiply(x, Step(z))');
  });
});
