import { describe, expect, it } from 'vitest';
import { GraphMaker, input, textOf } from '../../../test/support/compiled/graphs.js';
import { splatOf } from '../graph/graph.js';
import { foldConstants } from './fold-constants.js';

const x = input('x', [4, 3]);
const z = input('z', [4, 3]);
const splat = (value: number, shape: number[] = []) => splatOf(value, shape, 'float32');

describe('constant folding', () => {
  const folded = (build: (make: GraphMaker) => ReturnType<GraphMaker['node']>): string => {
    const make = new GraphMaker();
    return textOf(foldConstants(make.graph({ y: build(make) })));
  };

  it('drops zeros that are added, and what is multiplied by one', () => {
    expect(folded((make) => make.node('Add', { a: x, b: splat(0) }, [4, 3]))).toBe('x');
    expect(folded((make) => make.node('Multiply', { a: splat(1, [4, 3]), b: x }, [4, 3]))).toBe('x');
  });

  it('keeps the shape that a constant gave', () => {
    const row = input('row', [3]);
    const text = folded((make) => make.node('Multiply', { a: row, b: splat(1, [4, 3]) }, [4, 3]));
    expect(text).toBe('BroadcastTo to 4,3(row)');
  });

  it('lets a zero gradient vanish with all that hangs on it', () => {
    const text = folded((make) => {
      const zero = make.node('ZerosLike', { x }, [4, 3]);
      const product = make.node('Multiply', { a: zero, b: z }, [4, 3]);
      return make.node('Add', { a: x, b: make.node('Neg', { x: product }, [4, 3]) }, [4, 3]);
    });
    expect(text).toBe('x');
  });

  it('computes masks of constants', () => {
    const text = folded((make) => {
      const range = (length: number) => make.node('Range', {}, [length], { start: 0, step: 1 }, 'int32');
      const rows = make.node('Reshape', { x: range(2) }, [2, 1], {}, 'int32');
      return make.node(
        'Cast',
        { x: make.node('GreaterEqual', { a: rows, b: range(2) }, [2, 2], {}, 'bool') },
        [2, 2],
      );
    });
    expect(text).toBe('[1,0,1,1]');
  });

  it('cancels transposes and casts that undo each other', () => {
    const turn = (make: GraphMaker, value = x, shape = [3, 4]) =>
      make.node('Transpose', { x: value }, shape, { perm: [1, 0] });
    expect(folded((make) => turn(make, turn(make), [4, 3]))).toBe('x');
    const tokens = input('tokens', [4], 'int32');
    expect(
      folded((make) => make.node('Cast', { x: make.node('Cast', { x: tokens }, [4]) }, [4], {}, 'int32')),
    ).toBe('tokens');
  });
});
