import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../../test/support/compiled/graphs.js';
import { fuseAddends } from './addend.js';

const x = input('x', [4, 3]);
const weights = input('w', [3, 5]);
const flags = { transposeA: false, transposeB: false };

describe('a matrix added to a product', () => {
  it('goes into it, on whichever side it stands, past an axis of one', () => {
    const make = new GraphMaker();
    const product = make.node('BatchMatMul', { a: x, b: weights }, [1, 4, 5], flags);
    const shaped = make.node('Reshape', { x: product }, [4, 5]);
    const y = make.node('Add', { a: input('c', [4, 5]), b: shaped }, [4, 5]);
    expect(textOf(fuseAddends(make.graph({ y })))).toBe('_FusedMatMul(x, w, c)');
  });

  it('stays where the product is needed without it', () => {
    const make = new GraphMaker();
    const product = make.node('BatchMatMul', { a: x, b: weights }, [4, 5], flags);
    const y = make.node('Add', { a: product, b: input('c', [4, 5]) }, [4, 5]);
    expect(textOf(fuseAddends(make.graph({ y, product })))).toBe('Add(BatchMatMul(x, w), c)');
  });

  it('stays where it is smaller than the product', () => {
    const make = new GraphMaker();
    const product = make.node('BatchMatMul', { a: x, b: weights }, [4, 5], flags);
    const y = make.node('Add', { a: product, b: input('c', [1, 5]) }, [4, 5]);
    expect(textOf(fuseAddends(make.graph({ y })))).toBe('Add(BatchMatMul(x, w), c)');
  });
});
