/** The flat vector of a run of rounds: the model's, and what the replicas' optimizers remember. */
import { type Layout, layoutOf, type WeightSpec } from '../layout.js';
import { innerOptimizer, keptSlots, type LocalTerms } from './terms.js';

/** The layout of a run: that of its model where it makes no rounds. */
export function runLayout(
  specs: readonly WeightSpec[],
  terms: Pick<LocalTerms, 'optimizer' | 'state'> | undefined,
  chunkElements?: number,
): Layout {
  if (!terms) return layoutOf(specs, chunkElements);
  const { trainable } = layoutOf(specs);
  const optimizer = innerOptimizer(terms);
  const states = keptSlots(optimizer, terms.state).map(
    (place): WeightSpec => ({
      // No weight of a model has such a name: that of a layer stands before its slash.
      name: `/${optimizer.slots[place]!.name}`,
      shape: [trainable],
      trainable: false,
      isState: true,
    }),
  );
  const moving = specs.filter(({ frozen }) => !frozen);
  return layoutOf([...moving, ...states, ...specs.filter(({ frozen }) => frozen)], chunkElements);
}

/** A model's initial weights as the vector of its run. */
export function withInitialState(
  weights: Float32Array,
  { total, moving, state, trainable }: Layout,
  terms: Pick<LocalTerms, 'optimizer' | 'state'>,
): Float32Array {
  const own = moving - state;
  const all = new Float32Array(total);
  all.set(weights.subarray(0, own));
  all.set(weights.subarray(own), moving);
  const optimizer = innerOptimizer(terms);
  for (const [i, place] of keptSlots(optimizer, terms.state).entries())
    all.fill(optimizer.slots[place]!.initial, own + i * trainable, own + (i + 1) * trainable);
  return all;
}

/** The model's weights in a vector of its run. */
export function weightsOfModel(vector: Float32Array, specs: readonly WeightSpec[]): Float32Array {
  const { moving, total } = layoutOf(specs);
  if (vector.length === total) return vector;
  const own = new Float32Array(total);
  own.set(vector.subarray(0, moving));
  own.set(vector.subarray(vector.length - (total - moving)), moving);
  return own;
}
