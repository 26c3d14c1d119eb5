/** `.keras` files: a ZIP archive of the configuration as JSON and an HDF5 file of weights. */
import { unzipSync } from 'fflate';
import { messageOf, UserError } from '../../../../../shared/user-error.js';
import type { Topology } from '../../layers/topology-json.js';
import type { StoredWeight } from '../weights/match-weights.js';
import { IN_TRAINING, readHdf5 } from './hdf5.js';
import { namedVariables } from './named-variables.js';

/** A configuration has a few kilobytes a layer. */
const MAX_CONFIG = 1 << 28;
const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';

export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

/** @param what the file, as messages call it. @throws UserError */
export function archivedConfig(bytes: Uint8Array, what: string): Topology {
  const text = entryOf(bytes, CONFIG, what);
  if (!text) throw new UserError(`${what} is no .keras file: the archive has no ${CONFIG}`, 2);
  try {
    return JSON.parse(Buffer.from(text).toString());
  } catch (error) {
    throw new UserError(`${what}: ${CONFIG}: ${messageOf(error)}`, 2);
  }
}

/** @param config what `archivedConfig` gave. @throws UserError */
export async function archivedWeights(
  bytes: Uint8Array,
  config: Topology,
  what: string,
): Promise<StoredWeight[]> {
  const stored = entryOf(bytes, WEIGHTS, what);
  if (stored) {
    const { arrays } = await readHdf5(stored, what, (path) => !IN_TRAINING.test(path));
    return namedVariables(config, arrays);
  }
  const isSharded = entryOf(bytes, 'model.weights.json', what) !== undefined;
  const why = isSharded
    ? 'its weights are in several parts, which are not read'
    : 'it was saved without weights';
  throw new UserError(`${what} has no ${WEIGHTS}: ${why}: save it by model.save("model.keras")`, 2);
}

function entryOf(bytes: Uint8Array, wanted: string, what: string): Uint8Array | undefined {
  try {
    const found = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (name !== wanted) return false;
        if (name.endsWith('.json') && originalSize > MAX_CONFIG) throw new Error(`${name} is too large`);
        return true;
      },
    });
    return found[wanted];
  } catch (error) {
    throw new UserError(
      `${what} is no complete ZIP archive (${messageOf(error)}): fetch or save it again`,
      2,
    );
  }
}
