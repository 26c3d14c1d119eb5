/** A model as TF.js stores it: `model.json` and its weights beside it, for `tf.loadLayersModel`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutOf } from '../../shared/layout.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { VERSION } from '../../shared/version.js';
import { atomically, writeAll, writeJsonAtomically } from './atomic-file.js';

/** The size of TF.js's own files: what browsers like to cache. */
const FILE_BYTES = 4 << 20;

/**
 * Writes into `dir`, which is made if need be. `model.json` comes last: where it stands, all stands.
 * @param weights the flat vector, in model order
 */
export async function writeModelFiles(
  dir: string,
  model: ModelDescription,
  weights: Float32Array,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  const files = Math.max(1, Math.ceil(bytes.length / FILE_BYTES));
  const paths = Array.from({ length: files }, (_, i) => `group1-shard${i + 1}of${files}.bin`);
  for (const [i, path] of paths.entries()) {
    const part = bytes.subarray(i * FILE_BYTES, (i + 1) * FILE_BYTES);
    await atomically(join(dir, path), (file) => writeAll(file, part));
  }
  await writeJsonAtomically(join(dir, 'model.json'), {
    format: 'layers-model',
    generatedBy: `swarmgrad ${VERSION}`,
    convertedBy: null,
    modelTopology: model.topology,
    weightsManifest: [
      {
        paths,
        weights: layoutOf(model.weights).slots.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  });
}
