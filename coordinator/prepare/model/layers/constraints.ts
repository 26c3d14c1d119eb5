/** Constraints as TF.js's layers have them, in the words of the description. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Constraint } from '../../../../shared/numerics/constraints.js';
import { UserError } from '../../../../shared/user-error.js';

/** Where TF.js keeps it. */
interface Constrained {
  originalName: string;
  shape: TensorFlow.Shape;
  constraint: { getClassName(): string; getConfig(): Record<string, unknown> } | null;
}

/** @throws UserError if it is over axes that the weight has not */
export function constraintOf(weight: TensorFlow.LayerVariable): Constraint | undefined {
  const { originalName, shape, constraint } = weight as unknown as Constrained;
  if (!constraint) return undefined;
  const config = constraint.getConfig() as { axis: number | number[] } & Record<string, number>;
  const axes = () => axesOf(config.axis, shape.length, originalName);
  switch (constraint.getClassName()) {
    case 'NonNeg':
      return { kind: 'nonNegative' };
    case 'UnitNorm':
      return { kind: 'unitNorm', axes: axes() };
    case 'MaxNorm':
      return { kind: 'normBetween', min: 0, max: config.maxValue!, rate: 1, axes: axes() };
    case 'MinMaxNorm': {
      const { minValue, maxValue, rate } = config;
      return { kind: 'normBetween', min: minValue!, max: maxValue!, rate: rate!, axes: axes() };
    }
    default:
      throw new UserError(`the weight ${originalName} has a constraint that is unknown here`);
  }
}

function axesOf(axis: number | number[], rank: number, name: string): number[] {
  const axes = [axis].flat().map((one) => (one < 0 ? one + rank : one));
  if (axes.every((one) => Number.isInteger(one) && one >= 0 && one < rank))
    return [...new Set(axes)].sort((a, b) => a - b);
  throw new UserError(
    `the weight ${name} of ${rank} axes has a constraint over axis ${axis}: change the model's layer`,
  );
}
