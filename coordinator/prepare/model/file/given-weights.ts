/** The weights of a model file, put into the model that is built from it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { setWeight } from '../../../../shared/models/write-weights.js';
import type { NewHead } from '../layers/head.js';
import { matchWeights, type StoredWeight } from './weights/match-weights.js';
import { type FoundWeight, weightPlaces } from './weights/weight-places.js';

export interface GivenWeights {
  weights: StoredWeight[];
  /** How the file calls layers that have another name in the model. */
  namesBefore?: ReadonlyMap<string, string>;
  /** The layer that has none of them. */
  newLayer?: string;
}

/** @throws UserError where they are not those of the model */
export function setWeights(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  { weights, namesBefore, newLayer }: GivenWeights,
): void {
  const isNew = ({ path }: FoundWeight) => path.some(({ names }) => names.includes(newLayer ?? ''));
  const places = weightPlaces(model, namesBefore).filter((place) => !isNew(place));
  for (const [i, { shape, values }] of matchWeights(places, weights).entries()) {
    tf.tidy(() => setWeight(places[i]!.variable, tf.tensor(values, [...shape])));
  }
}

/** Of a file's weights those of layers that are still there, under the names that these have in the new model. */
export function weightsKept(
  before: TensorFlow.LayersModel,
  { weights, namesBefore }: GivenWeights,
  { model, name }: NewHead,
): GivenWeights {
  const places = weightPlaces(before, namesBefore);
  const stored = matchWeights(places, weights);
  const isKept = new Set(model.weights.map(({ id }) => id));
  const kept = places.flatMap((place, i) =>
    isKept.has(place.variable.id) ? [{ ...stored[i]!, name: pathOf(place) }] : [],
  );
  return { weights: kept, newLayer: name };
}

const pathOf = ({ path, kinds }: FoundWeight): string =>
  [...path.slice(1).map(({ names }) => names[0]!), kinds[0]!].join('/');
