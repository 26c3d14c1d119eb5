/** A model's weights in the order of the flat vector: frozen ones last. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { ModelDescription } from '../../../../shared/models/description.js';
import type { WeightSpec } from '../../../../shared/numerics/layout.js';
import { UserError } from '../../../../shared/user-error.js';
import { constraintOf } from '../layers/constraints.js';
import { frozenWeights } from '../layers/frozen.js';
import type { ModelSource } from './request.js';

/** @throws UserError where a model that was built before lacks a weight */
export function weightSpecs(model: TensorFlow.LayersModel, source: ModelSource): WeightSpec[] {
  const trainable = new Set(model.trainableWeights);
  const frozen = frozenWeights(model);
  const specs = model.weights.map((weight): WeightSpec => {
    const common = { name: weight.originalName, shape: weight.shape as number[] };
    const constraint = constraintOf(weight);
    return {
      ...common,
      trainable: trainable.has(weight),
      ...(frozen.has(weight) ? { frozen: true } : {}),
      ...(constraint ? { constraint } : {}),
    };
  });
  // A checkpoint of this model has its weights in this order.
  if (typeof source === 'object') return specsAsIn(source, specs);
  // TF.js has the trainable ones first.
  return [...specs.filter(({ frozen }) => !frozen), ...specs.filter(({ frozen }) => frozen)];
}

/** In the order of a model that was built before, of which nothing may be frozen yet: by an older version. */
function specsAsIn({ weights }: ModelDescription, specs: readonly WeightSpec[]): WeightSpec[] {
  const left = [...specs];
  return weights.map(({ name, frozen }) => {
    const at = left.findIndex((spec) => spec.name === name);
    if (at < 0) throw new UserError(`the model of the checkpoint has no weight ${name} any more`);
    const { frozen: _, ...spec } = left.splice(at, 1)[0]!;
    return frozen ? { ...spec, frozen } : spec;
  });
}
