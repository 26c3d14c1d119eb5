import { describe, expect, it } from 'vitest';
import { splatOf } from '../../worker/engine/compiled/graph.js';
import { withoutCommonSubexpressions } from '../../worker/engine/compiled/passes/common-subexpressions.js';
import { withoutDeadCode } from '../../worker/engine/compiled/passes/dead-code.js';
import { foldConstants } from '../../worker/engine/compiled/passes/fold-constants.js';
import { fuseBiases } from '../../worker/engine/compiled/passes/fuse-bias.js';
import { fuseRelus } from '../../worker/engine/compiled/passes/fuse-relu.js';
import { fuseResiduals } from '../../worker/engine/compiled/passes/fuse-residual.js';
import { joinProducts } from '../../worker/engine/compiled/passes/join-products.js';
import { shrinkPoolGradients } from '../../worker/engine/compiled/passes/pool-gradient.js';
import { recogniseReluGradients } from '../../worker/engine/compiled/passes/relu-gradient.js';
import { GraphMaker, input, textOf } from './graphs.js';

const x = input('x', [4, 3]);
const z = input('z', [4, 3]);
const splat = (value: number, shape: number[] = []) => splatOf(value, shape, 'float32');

describe('dead code', () => {
  it('leaves out what no output depends on', () => {
    const make = new GraphMaker();
    make.node('Exp', { x }, [4, 3]);
    const y = make.node('Neg', { x }, [4, 3]);
    expect(withoutDeadCode(make.graph({ y })).nodes.map(({ kernel }) => kernel)).toEqual(['Neg']);
  });
});

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

describe('the gradient of ReLU', () => {
  it('is recognised in a product with a step', () => {
    const make = new GraphMaker();
    const y = make.node('Multiply', { a: make.node('Step', { x: z }, [4, 3]), b: x }, [4, 3]);
    expect(textOf(recogniseReluGradients(make.graph({ y })))).toBe('ReluGradient(x, z)');
  });

  it('is not that of a leaky one', () => {
    const make = new GraphMaker();
    const y = make.node('Multiply', { a: x, b: make.node('Step', { x: z }, [4, 3], { alpha: 0.2 }) }, [4, 3]);
    expect(textOf(recogniseReluGradients(make.graph({ y })))).toBe('Multiply(x, Step(z))');
  });
});

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

describe('a residual', () => {
  it('is added within the normalisation', () => {
    const make = new GraphMaker();
    const norm = make.node('FusedBatchNorm', { x, mean: bias, variance: bias }, [4, 3], {
      varianceEpsilon: 0.001,
    });
    const y = make.node('Add', { a: z, b: norm }, [4, 3]);
    expect(textOf(fuseResiduals(make.graph({ y })))).toBe('FusedBatchNorm(x, b, b, z)');
  });
});

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
