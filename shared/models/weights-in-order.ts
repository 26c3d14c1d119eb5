/** The weights of a TF.js model in the order of a description, which is that of `shared/numerics/layout.ts`. */
import type * as TensorFlow from '@tensorflow/tfjs';

type Variable = TensorFlow.LayerVariable;

/**
 * By their names; of several with one name in the order that the model has.
 * @throws Error for a weight that the model has not
 */
export function weightsInOrder(
  { weights }: Pick<TensorFlow.LayersModel, 'weights'>,
  specs: readonly { name: string }[],
): Variable[] {
  const left = new Map<string, Variable[]>();
  for (const weight of weights) {
    const same = left.get(weight.originalName);
    if (same) same.push(weight);
    else left.set(weight.originalName, [weight]);
  }
  return specs.map(({ name }) => {
    const weight = left.get(name)?.shift();
    if (!weight) throw new Error(`the model has no weight ${name}`);
    return weight;
  });
}
