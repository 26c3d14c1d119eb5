/**
 * Projects weights as Keras' constraints do (tf.keras.constraints). Norms and factors are of double precision and
 * added in the order of the elements, so that the result has the same bits on every machine.
 */
import type { Constraint } from '../constraints.js';
import type { WeightSlot } from '../layout.js';
import { sizeOf } from '../shape.js';

/** Keras' guard against dividing by a norm of 0. */
const EPSILON = 1e-7;

/** Whether one element's projection depends on others. */
export const isNorm = (constraint: Constraint): boolean => constraint.kind !== 'nonNegative';

/** @param values all elements of the weight, or any of them where the constraint is of no norm; changed in place */
export function project(values: Float32Array, shape: readonly number[], constraint: Constraint): void {
  if (constraint.kind === 'nonNegative') {
    // Not by a maximum: NaN stays NaN, and is found.
    for (let i = 0; i < values.length; i++) if (values[i]! < 0) values[i] = 0;
    return;
  }
  const groups = groupsOf(shape, constraint.axes);
  const factors = new Float64Array(groups.count);
  for (let i = 0; i < values.length; i++) factors[groups.of[i]!]! += values[i]! ** 2;
  for (let group = 0; group < factors.length; group++)
    factors[group] = factorOf(Math.sqrt(factors[group]!), constraint);
  for (let i = 0; i < values.length; i++) values[i]! *= factors[groups.of[i]!]!;
}

function factorOf(norm: number, constraint: Exclude<Constraint, { kind: 'nonNegative' }>): number {
  if (constraint.kind === 'unitNorm') return 1 / (EPSILON + norm);
  const { min, max, rate } = constraint;
  const bounded = Math.min(Math.max(norm, min), max);
  return (rate * bounded + (1 - rate) * norm) / (EPSILON + norm);
}

/** Which norm each element belongs to. */
interface Groups {
  count: number;
  of: Uint32Array;
}

const known = new Map<string, Groups>();

function groupsOf(shape: readonly number[], axes: readonly number[]): Groups {
  const key = `${shape} ${axes}`;
  const found = known.get(key) ?? makeGroups(shape, axes);
  known.set(key, found);
  return found;
}

function makeGroups(shape: readonly number[], axes: readonly number[]): Groups {
  const strides = new Array<number>(shape.length).fill(0);
  let count = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (axes.includes(axis)) continue;
    strides[axis] = count;
    count *= shape[axis]!;
  }
  const of = new Uint32Array(sizeOf(shape));
  const place = new Array<number>(shape.length).fill(0);
  for (let i = 0, group = 0; i < of.length; i++) {
    of[i] = group;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      group += strides[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      place[axis] = 0;
      group -= strides[axis]! * shape[axis]!;
    }
  }
  return { count, of };
}

/** A weight with a constraint, whose slot says where it stands. */
export type Constrained = WeightSlot & { constraint: Constraint };

/** The constrained weights among a layout's trained weights: others never move. */
export const constrainedIn = (slots: readonly WeightSlot[]): Constrained[] =>
  slots.filter((slot): slot is Constrained => slot.trainable && slot.constraint !== undefined);
