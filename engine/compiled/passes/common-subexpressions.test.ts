import { describe, expect, it } from 'vitest';
import { GraphMaker, input } from '../../../test/support/compiled/graphs.js';
import { splatOf } from '../graph/graph.js';
import { withoutCommonSubexpressions } from './common-subexpressions.js';

const x = input('x', [4, 3]);
const splat = (value: number, shape: number[] = []) => splatOf(value, shape, 'float32');

describe('common subexpressions', () => {
  it('are computed once, with equal constants', () => {
    const make = new GraphMaker();
    const [a, b] = [2, 2].map((value) => make.node('Multiply', { a: x, b: splat(value) }, [4, 3]));
    const y = make.node('Add', { a: a!, b: b! }, [4, 3]);
    const { nodes } = withoutCommonSubexpressions(make.graph({ y }));
    expect(nodes).toHaveLength(2);
    expect(nodes[1]!.inputs.a).toBe(nodes[1]!.inputs.b);
  });

  it('are not those with other attributes', () => {
    const make = new GraphMaker();
    const [a, b] = [0, 1].map((axis) => make.node('Sum', { x }, [1], { axes: [axis], keepDims: true }));
    const y = make.node('Add', { a: a!, b: b! }, [1]);
    expect(withoutCommonSubexpressions(make.graph({ y })).nodes).toHaveLength(3);
  });
});
