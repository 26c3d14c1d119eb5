/** Projections against the definitions of Keras' constraints, computed with all indices spelled out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Constraint } from '../../../shared/numerics/constraints.js';
import { layoutOf, type WeightSpec } from '../../../shared/numerics/layout.js';
import { ROOT } from '../../../shared/numerics/tree.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import { constrainedIn, project } from '../../../shared/numerics/update/project.js';
import { setup, stepOnce } from '../../../test/support/update/pipeline-setup.js';

/** As Keras writes it: w * desired / (epsilon + norm), norms over `axes`. */
function byDefinition(values: Float32Array, shape: number[], constraint: Constraint): number[] {
  if (constraint.kind === 'nonNegative') return Array.from(values, (value) => Math.max(value, 0));
  const placeOf = (i: number) => {
    const place: number[] = [];
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      place.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    return place.filter((_, axis) => !constraint.axes.includes(axis)).join();
  };
  return Array.from(values, (value, i) => {
    const group = values.filter((_, j) => placeOf(j) === placeOf(i));
    const norm = Math.sqrt(group.reduce((sum, own) => sum + own * own, 0));
    if (constraint.kind === 'unitNorm') return value / (1e-7 + norm);
    const { min, max, rate } = constraint;
    const desired = rate * Math.min(max, Math.max(min, norm)) + (1 - rate) * norm;
    return (value * desired) / (1e-7 + norm);
  });
}

const number = fc.float({ min: Math.fround(0.01), max: 2, noNaN: true });
const script = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  const axes = fc.uniqueArray(fc.nat(shape.length - 1), { minLength: 1 });
  const bounds = fc.record({ min: number, max: number, rate: fc.constantFrom(1, 0.5) });
  return fc.record({
    shape: fc.constant(shape),
    values: fc.float32Array({ minLength: size, maxLength: size, min: -3, max: 3, noNaN: true }),
    constraint: fc.oneof(
      fc.constant<Constraint>({ kind: 'nonNegative' }),
      axes.map((axes): Constraint => ({ kind: 'unitNorm', axes })),
      fc.tuple(axes, bounds).map(([axes, { min, max, rate }]): Constraint => {
        return { kind: 'normBetween', min: Math.min(min, max), max: Math.max(min, max), rate, axes };
      }),
    ),
  });
});

describe('a projection', () => {
  it('is that of the definition, for any shape and axes', () => {
    fc.assert(
      fc.property(script, ({ shape, values, constraint }) => {
        const expected = byDefinition(values, shape, constraint);
        const actual = values.slice();
        project(actual, shape, constraint);
        for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
      }),
    );
  });

  it('leaves NaN to be found', () => {
    const values = Float32Array.of(Number.NaN, -1);
    project(values, [2], { kind: 'nonNegative' });
    expect(values).toEqual(Float32Array.of(Number.NaN, 0));
  });
});

describe('the pipeline', () => {
  const CHUNK_ELEMENTS = 64;

  it('projects what the optimizer has made, of the weights that have a constraint', () => {
    const layout = layoutOf([
      { name: 'a', shape: [3], trainable: true, constraint: { kind: 'nonNegative' } },
      {
        name: 'b',
        shape: [2, 2],
        trainable: true,
        constraint: { kind: 'normBetween', min: 0, max: 0.5, rate: 1, axes: [0] },
      },
      { name: 'c', shape: [2], trainable: true },
      { name: 'd', shape: [2], trainable: false, constraint: { kind: 'nonNegative' } },
    ]);
    expect(constrainedIn(layout.slots).map(({ name }) => name)).toEqual(['a', 'b']);
    for (const rule of [{}, { clipNorm: 100 }, { averageDecay: 0.5 }]) {
      const made = setup(rule, layout, 1);
      const plain = setup(
        rule,
        layoutOf(layout.slots.map(({ name, shape, trainable }) => ({ name, shape, trainable }))),
        1,
      );
      const gradient = Float32Array.from({ length: layout.total }, (_, i) => 4 * Math.cos(i));
      for (const one of [made, plain]) stepOnce(one, gradient, 1, 0.3);
      const [after, before] = [made, plain].map(({ pipeline }) => pipeline.weights.flat()) as [
        Float32Array,
        Float32Array,
      ];
      expect(before.subarray(0, 3).some((value) => value < 0)).toBe(true);
      for (const { offset, size, shape, constraint, trainable } of layout.slots) {
        const own = before.slice(offset, offset + size);
        if (constraint && trainable) project(own, shape, constraint);
        expect(after.subarray(offset, offset + size)).toEqual(own);
      }
    }
  });

  it('waits for all chunks of a weight whose norm is bound, and projects it as one', () => {
    const shape = [CHUNK_ELEMENTS / 2 + 3, 4];
    const constraint: Constraint = { kind: 'unitNorm', axes: [0] };
    const first: WeightSpec = {
      name: 'first',
      shape: [5],
      trainable: true,
      constraint: { kind: 'nonNegative' },
    };
    const layout = layoutOf([first, { name: 'long', shape, trainable: true, constraint }], CHUNK_ELEMENTS);
    const made = setup({ optimizer: createOptimizer({ name: 'adam' }) }, layout, 1);
    const gradient = new Float32Array(layout.total).fill(0.25);
    made.begin(1);
    const { pipeline } = made;
    for (let chunk = 0; chunk < pipeline.weights.chunks; chunk++) {
      expect(pipeline.weights.available(1)).toBe(0);
      made.add(ROOT, chunk, gradient);
    }
    expect(pipeline.weights.available(1)).toBe(pipeline.weights.chunks);
    pipeline.end();
    const after = pipeline.weights.flat();
    expect(after.subarray(0, 5).every((value) => value >= 0)).toBe(true);
    const squares = new Float64Array(4);
    for (const [i, value] of after.subarray(5).entries()) squares[i % 4]! += value ** 2;
    for (const square of squares) expect(square).toBeCloseTo(1, 5);
  });

  it('sends chunks one by one where no norm spans them', () => {
    const shape = [CHUNK_ELEMENTS, 2];
    const long: WeightSpec = { name: 'long', shape, trainable: true, constraint: { kind: 'nonNegative' } };
    const layout = layoutOf([long], CHUNK_ELEMENTS);
    const made = setup({}, layout, 1);
    made.begin(1);
    made.add(ROOT, 0, new Float32Array(layout.total));
    expect(made.pipeline.weights.available(1)).toBe(1);
    expect(made.initial.some((value) => value < 0)).toBe(true);
    expect(made.pipeline.weights.writing(0).every((value) => value >= 0)).toBe(true);
  });
});
