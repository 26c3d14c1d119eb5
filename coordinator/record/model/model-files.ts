/** A model as TF.js stores it: `model.json` and its weights beside it, for `tf.loadLayersModel`. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RecordFormat } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { VERSION } from '../../../shared/version.js';
import { atomically, makeFolder, writeAll, writeJsonAtomically } from '../folder/atomic-file.js';
import { disk } from '../folder/disk.js';
import { asTrained, portableModel } from './portable-model.js';

/** The size of TF.js's own files: what browsers like to cache. */
const FILE_BYTES = 4 << 20;

/**
 * Writes into `dir`, which is made if need be. `model.json` comes last, and weights are named by what they hold: where
 * it stands, all stands that it names, also while one model takes another's place.
 * @param weights the flat vector, in model order
 * @param records what the model was trained on: with it the files take values in the unit of the data, and tell the
 *   names of its classes; without it the model is written as it was trained
 */
export async function writeModelFiles(
  dir: string,
  model: ModelDescription,
  weights: Float32Array,
  records?: RecordFormat,
): Promise<void> {
  const portable = records ? portableModel(model, weights, records) : asTrained(model, weights);
  const { buffer, byteOffset, byteLength } = portable.values;
  await writeLayersModel(dir, {
    topology: portable.topology,
    metadata: portable.metadata ?? {},
    specs: portable.weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
  });
}

/** What TF.js's loader reads. */
export interface LayersModelFiles {
  topology: object;
  /** Of ours, in `userDefinedMetadata`. */
  metadata: object;
  /** Rows of the weights manifest, in the order of their bytes. */
  specs: readonly object[];
  bytes: Uint8Array;
}

/** The same for a model that is put together already. */
export async function writeLayersModel(
  dir: string,
  { topology, metadata, specs, bytes }: LayersModelFiles,
): Promise<void> {
  await makeFolder(dir);
  const before = await weightFiles(dir);
  const files = Math.max(1, Math.ceil(bytes.length / FILE_BYTES));
  const paths: string[] = [];
  for (let i = 0; i < files; i++) {
    const part = bytes.subarray(i * FILE_BYTES, (i + 1) * FILE_BYTES);
    const name = createHash('sha256').update(part).digest('hex').slice(0, 16);
    const path = `group1-shard${i + 1}of${files}-${name}.bin`;
    paths.push(path);
    await atomically(join(dir, path), (file) => writeAll(file, part));
  }
  await writeJsonAtomically(join(dir, 'model.json'), {
    format: 'layers-model',
    generatedBy: `swarmgrad ${VERSION}`,
    convertedBy: null,
    userDefinedMetadata: { swarmgrad: metadata },
    modelTopology: topology,
    weightsManifest: [{ paths, weights: specs }],
  });
  for (const path of before.filter((path) => !paths.includes(path)))
    await disk.rm(join(dir, path), { force: true }).catch(() => undefined);
}

/** The weight files of the model in `dir`, if there is one. */
async function weightFiles(dir: string): Promise<string[]> {
  try {
    const { weightsManifest } = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'));
    const paths = weightsManifest.flatMap((group: { paths: string[] }) => group.paths);
    return paths.filter((path: unknown) => typeof path === 'string' && basename(path) === path);
  } catch {
    return [];
  }
}
