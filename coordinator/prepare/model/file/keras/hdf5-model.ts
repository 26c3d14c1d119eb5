/** `.h5` files of Keras: a model's configuration as a text, and its weights beside it. */
import { messageOf, UserError } from '../../../../../shared/user-error.js';
import type { Topology } from '../../layers/topology-json.js';
import type { StoredWeight } from '../weights/match-weights.js';
import { IN_TRAINING, readHdf5 } from './hdf5.js';
import { namedArrays, namedVariables } from './named-variables.js';

const WEIGHTS = 'model_weights/';

export interface Hdf5Model {
  model_config: Topology;
  training_config?: unknown;
  keras_version?: string;
  weights: StoredWeight[];
}

/**
 * @param what the file, as messages call it
 * @param withWeights whether they are wanted
 * @throws UserError for a file without layers, or without weights
 */
export async function hdf5Model(bytes: Uint8Array, what: string, withWeights = true): Promise<Hdf5Model> {
  const isWanted = (path: string) => path.replace(/^\//, '').startsWith(WEIGHTS);
  const { texts, arrays } = await readHdf5(bytes, what, (path) => withWeights && isWanted(path));
  const { model_config, training_config, keras_version } = texts;
  if (model_config === undefined)
    throw new UserError(
      `${what} has no model_config: it holds weights alone: give it as --from, with the model's layers as --model`,
      2,
    );
  if (withWeights && arrays.length === 0)
    throw new UserError(`${what} was saved without weights: save the model by model.save`, 2);
  const parsed = (name: string, text: string) => {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new UserError(`${what}: ${name}: ${messageOf(error)}`, 2);
    }
  };
  return {
    model_config: parsed('model_config', model_config),
    ...(training_config === undefined ? {} : { training_config: parsed('training_config', training_config) }),
    ...(keras_version === undefined ? {} : { keras_version }),
    weights: namedArrays(arrays, WEIGHTS),
  };
}

/**
 * Weights of any `.h5` file, also of one that holds nothing else (`.weights.h5` of Keras 3, `save_weights` of Keras 2).
 * @param layers those of the model that they are for, by which Keras 3 counts
 * @throws UserError for a file without weights
 */
export async function weightsOfHdf5(
  bytes: Uint8Array,
  layers: unknown,
  what: string,
): Promise<StoredWeight[]> {
  const { arrays } = await readHdf5(bytes, what, (path) => !IN_TRAINING.test(path));
  if (arrays.length === 0)
    throw new UserError(`${what} holds no weights: save them by model.save_weights`, 2);
  if (arrays.some(({ path }) => path.startsWith(WEIGHTS))) return namedArrays(arrays, WEIGHTS);
  const isCounted = arrays.some(({ path }) => /\/vars\/\d+$/.test(path));
  return isCounted ? namedVariables(layers, arrays) : namedArrays(arrays, '');
}
