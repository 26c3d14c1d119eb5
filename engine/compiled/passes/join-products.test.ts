import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../test/support/compiled/graphs.js';
import { joinProducts } from './join-products.js';

describe('products that are added up', () => {
  const built = (count: number) => {
    const make = new GraphMaker();
    const terms = Array.from({ length: count }, (_, i) =>
      make.node('BatchMatMul', { a: input(`a${i}`, [2, 3]), b: input(`b${i}`, [2, 5]) }, [3, 5], {
        transposeA: true,
        transposeB: false,
      }),
    );
    const y = terms.reduce((a, b) => make.node('Add', { a, b }, [3, 5]));
    return textOf(joinProducts(make.graph({ y })));
  };

  it('are one product of what stands below each other', () => {
    expect(built(3)).toBe('BatchMatMul(Concat(a0, a1, a2), Concat(b0, b1, b2))');
  });

  it('are left alone where there are only two', () => {
    expect(built(2)).toBe('Add(BatchMatMul(a0, b0), BatchMatMul(a1, b1))');
  });
});
