import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../../test/support/compiled/graphs.js';
import { fuseRelus } from './relu.js';

const x = input('x', [4, 3]);
const weights = input('w', [3, 5]);
const flags = { transposeA: false, transposeB: false };

describe('a ReLU', () => {
  const built = (also: boolean) => {
    const make = new GraphMaker();
    const product = make.node('BatchMatMul', { a: x, b: weights }, [4, 5], flags);
    const y = make.node('Relu', { x: product }, [4, 5]);
    const dx = make.node('ReluGradient', { dy: input('dy', [4, 5]), z: product }, [4, 5]);
    return fuseRelus(make.graph({ y, dx, ...(also ? { product } : {}) }));
  };

  it('goes into the kernel before it, and its gradient looks at the result', () => {
    const graph = built(false);
    expect(textOf(graph)).toBe('_FusedMatMul relu(x, w)');
    expect(textOf(graph, 'dx')).toBe('ReluGradient(dy, _FusedMatMul relu(x, w))');
  });

  it('stays where somebody else needs what it starts from', () => {
    expect(textOf(built(true))).toBe('Relu(BatchMatMul(x, w))');
  });
});
