import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../../test/support/compiled/graphs.js';
import { fuseBiases } from './bias.js';

const x = input('x', [4, 3]);
const weights = input('w', [3, 5]);
const bias = input('b', [5]);
const flags = { transposeA: false, transposeB: false };

describe('a bias', () => {
  it('goes into the product before it, through reshapes', () => {
    const make = new GraphMaker();
    const product = make.node('BatchMatMul', { a: x, b: weights }, [4, 5], flags);
    const shaped = make.node('Reshape', { x: product }, [2, 2, 5]);
    const y = make.node('Add', { a: shaped, b: bias }, [2, 2, 5]);
    expect(textOf(fuseBiases(make.graph({ y })))).toBe('Reshape to 2,2,5(_FusedMatMul(x, w, b))');
  });

  it('stays where the product is needed without it', () => {
    const make = new GraphMaker();
    const product = make.node('BatchMatMul', { a: x, b: weights }, [4, 5], flags);
    const y = make.node('Add', { a: product, b: bias }, [4, 5]);
    expect(textOf(fuseBiases(make.graph({ y, product })))).toBe('Add(BatchMatMul(x, w), b)');
  });
});
