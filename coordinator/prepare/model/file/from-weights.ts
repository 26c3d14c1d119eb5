/** `--from` beside `--model`: weights of another file, by name, in the layers of the model. */

import { readFile } from 'node:fs/promises';
import type * as TensorFlow from '@tensorflow/tfjs';
import { UserError } from '../../../../shared/user-error.js';
import { listed } from '../../words/listed.js';
import type { GivenWeights } from './given-weights.js';
import { isHdf5 } from './keras/hdf5.js';
import { weightsOfHdf5 } from './keras/hdf5-model.js';
import { readModelFile } from './read.js';
import type { StoredWeight } from './weights/match-weights.js';
import { assignWeights } from './weights/match-weights.js';
import { readSafetensors } from './weights/safetensors.js';
import { weightPlaces } from './weights/weight-places.js';

export interface OtherFile {
  weights: StoredWeight[];
  /** `userDefinedMetadata`, where the file has any. */
  metadata?: unknown;
}

/**
 * @param layers the model's, as its own file has them: some files call layers by their class and place alone
 * @throws UserError for a file that holds no weights
 */
export async function readOtherWeights(path: string, layers: unknown): Promise<OtherFile> {
  const what = `--from ${path}`;
  const bytes = await readFile(path);
  if (path.toLowerCase().endsWith('.safetensors')) return { weights: readSafetensors(bytes, what) };
  if (isHdf5(bytes)) return { weights: await weightsOfHdf5(bytes, layers, what) };
  const { weights, training } = await readModelFile(path, what);
  if (!weights) throw new UserError(`${what} holds layers and no weights: give a file with weights`, 2);
  return { weights, metadata: training.userDefinedMetadata };
}

/**
 * What fits and what does not, by name. Nothing is left to chance: what the new last layer does not explain is refused.
 * @returns what people should know of it
 */
export function tellFit(
  model: TensorFlow.LayersModel,
  { weights, namesBefore, newLayer }: GivenWeights,
  from: string,
): string[] {
  const all = weightPlaces(model, namesBefore);
  const places = all.filter(({ path }) => !path.some(({ names }) => names.includes(newLayer ?? '')));
  const { found, left } = assignWeights(places, weights);
  const missing = places.filter((place) => !found.has(place));
  const fits = places.filter((place) => found.has(place));
  if (missing.length === 0 && left.length === 0)
    return [`--from ${from}: all ${fits.length} weights fit: ${listed(fits.map(({ title }) => title))}`];
  const wanted = missing.map(({ title, shape }) => `${title} [${shape}]`);
  const unused = left.map(({ name, shape }) => `${name} [${shape}]`);
  const last = model.layers.filter(({ weights: own }) => own.length > 0).at(-1)?.name;
  const inLast =
    missing.length > 0 && missing.every(({ path }) => path.some(({ names }) => names.includes(last ?? '')));
  const remedy =
    inLast && !newLayer ? 'give --head for a new last layer' : 'give a --model with the layers of the file';
  throw new UserError(
    [
      `--from ${from}: ${fits.length} of ${places.length} weights of the model fit`,
      ...(wanted.length > 0 ? [`the file has none for ${listed(wanted)}`] : []),
      ...(unused.length > 0 ? [`no layer takes its ${listed(unused)}`] : []),
      `${remedy}, or leave --model out if the file has its layers`,
    ].join('; '),
    2,
  );
}

/** Without those of layers that a new last layer has replaced. */
export function withoutReplaced(
  before: TensorFlow.LayersModel,
  after: TensorFlow.LayersModel,
  { weights, namesBefore = new Map() }: GivenWeights,
): { kept: StoredWeight[]; dropped: StoredWeight[] } {
  const stay = new Set(after.layers.map(({ name }) => name));
  const gone = before.layers.map(({ name }) => name).filter((name) => !stay.has(name));
  const names = new Set(gone.flatMap((name) => [name, namesBefore.get(name) ?? name]));
  const isGone = ({ name }: StoredWeight) =>
    name
      .split('/')
      .slice(0, -1)
      .some((part) => names.has(part));
  return { kept: weights.filter((weight) => !isGone(weight)), dropped: weights.filter(isGone) };
}
