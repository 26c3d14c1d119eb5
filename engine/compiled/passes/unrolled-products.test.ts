import { describe, expect, it } from 'vitest';
import { GraphMaker, input } from '../../../test/support/compiled/graphs.js';
import { type Graph, splatOf, type Value } from '../graph/graph.js';
import { unrolledProducts } from './unrolled-products.js';

const BLOCK = 8;
const flags = { transposeA: false, transposeB: false };

interface Recurrence {
  steps: number;
  rows?: number;
  units?: number;
  /** What happens to a state before the next step. */
  between?: (make: GraphMaker, state: Value) => Value;
}

/** state = tanh(state w + x_step), begun with zeros; y is all states. */
function recurrence({ steps, rows = 2, units = 16, between = (_, state) => state }: Recurrence): Graph {
  const make = new GraphMaker();
  const shape = [rows, units];
  const [w, inputs] = [input('w', [units, units]), input('x', [steps * rows, units])];
  const states: Value[] = [];
  for (let step = 0; step < steps; step++) {
    const x = make.node('Slice', { x: inputs }, shape, {
      begin: [step * rows, 0],
      size: shape,
    });
    const state = states.at(-1) ?? splatOf(0, shape, 'float32');
    const drive = make.node('_FusedMatMul', { a: between(make, state), b: w, bias: x }, shape, flags);
    states.push(make.node('Tanh', { x: drive }, shape));
  }
  const y = make.node('Concat', Object.fromEntries(states.entries()), [steps * rows, units], { axis: 0 });
  return make.graph({ y });
}

const kernelsOf = ({ nodes }: Graph): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { kernel } of nodes) counts[kernel] = (counts[kernel] ?? 0) + 1;
  return counts;
};

describe('products of few rows by one matrix', () => {
  it('stay on blocked images from the first step to the last', () => {
    const moved = unrolledProducts(recurrence({ steps: 9 }), BLOCK);
    const calculated = { BlockedProduct: 9, Tanh: 9, Concat: 1 };
    // What comes in is x, before it is cut, and the zeros.
    expect(kernelsOf(moved)).toEqual({ EnterBlocks: 2, Slice: 9, ...calculated, Reshape: 1 });
    expect(moved.outputs[0]!.value.shape).toEqual([18, 16]);
  });

  it.each<[string, Recurrence]>([
    ['the steps are few', { steps: 7 }],
    ['a step has a single row', { steps: 9, rows: 1 }],
    ['a step has many rows', { steps: 9, rows: 65 }],
    ['units are no whole blocks', { steps: 9, units: 12 }],
    [
      'each step does what blocks cannot',
      { steps: 9, between: (make, state) => make.node('Softmax', { logits: state }, [...state.shape]) },
    ],
  ])('stay as they are where %s', (_, own) => {
    const graph = recurrence(own);
    expect(unrolledProducts(graph, BLOCK)).toBe(graph);
  });

  it('take a cut within a block out of the blocks', () => {
    const halves = (make: GraphMaker, state: Value) => {
      const [rows, units] = state.shape as [number, number];
      const part = (begin: number, size: number) =>
        make.node('Slice', { x: state }, [rows, size], { begin: [0, begin], size: [rows, size] });
      return make.node('Concat', { 0: part(0, 4), 1: part(4, 12) }, [rows, units], { axis: 1 });
    };
    const graph = recurrence({ steps: 9, between: halves });
    expect(unrolledProducts(graph, BLOCK)).toBe(graph);
  });
});
