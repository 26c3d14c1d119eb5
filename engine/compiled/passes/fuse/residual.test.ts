import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../../test/support/compiled/graphs.js';
import { fuseResiduals } from './residual.js';

const x = input('x', [4, 3]);
const z = input('z', [4, 3]);
const bias = input('b', [5]);

describe('a residual', () => {
  it('is added within the normalization', () => {
    const make = new GraphMaker();
    const norm = make.node('FusedBatchNorm', { x, mean: bias, variance: bias }, [4, 3], {
      varianceEpsilon: 0.001,
    });
    const y = make.node('Add', { a: z, b: norm }, [4, 3]);
    expect(textOf(fuseResiduals(make.graph({ y })))).toBe('FusedBatchNorm(x, b, b, z)');
  });
});
