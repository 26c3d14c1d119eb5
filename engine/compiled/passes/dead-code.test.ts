import { describe, expect, it } from 'vitest';
import { GraphMaker, input } from '../../../test/support/compiled/graphs.js';
import { withoutDeadCode } from './dead-code.js';

const x = input('x', [4, 3]);

describe('dead code', () => {
  it('leaves out what no output depends on', () => {
    const make = new GraphMaker();
    make.node('Exp', { x }, [4, 3]);
    const y = make.node('Neg', { x }, [4, 3]);
    expect(withoutDeadCode(make.graph({ y })).nodes.map(({ kernel }) => kernel)).toEqual(['Neg']);
  });
});
