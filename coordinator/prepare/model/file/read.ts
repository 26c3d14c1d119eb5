/**
 * Reads a model from a file: layers JSON of TF.js or Keras with its weights where they stand beside it, `.keras` and
 * `.h5` of Keras with the weights within. The file's first bytes tell which.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import * as z from 'zod';
import { loadTensorFlow } from '../../../../engine/node/tensorflow.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { Topology } from '../layers/topology-json.js';
import { archivedConfig, archivedWeights, isZip } from './keras/archive.js';
import { isHdf5 } from './keras/hdf5.js';
import { hdf5Model } from './keras/hdf5-model.js';
import { fromKeras, kerasVersionOf } from './keras/keras.js';
import { refuseOtherMeanings } from './keras/meanings.js';
import type { TrainingConfigs } from './training-config.js';
import type { StoredWeight } from './weights/match-weights.js';

interface ModelJson extends TrainingConfigs {
  modelTopology?: Topology;
  model_config?: Topology;
  weightsManifest?: unknown;
}

/** The parts of a weights manifest that are used; a file from elsewhere may hold anything. */
const weightsManifest = z
  .array(
    z.object({
      paths: z.array(z.string().min(1).max(1000)).min(1).max(10_000),
      weights: z
        .array(
          z.looseObject({
            name: z.string().min(1).max(1000),
            shape: z.array(z.int().min(0).max(0x7fffffff)).max(8),
            dtype: z.enum(['float32', 'int32', 'bool', 'string', 'complex64']),
            // TF.js marks an optimizer's state, which training begins without.
            group: z.enum(['model', 'optimizer']).optional(),
          }),
        )
        .max(100_000),
    }),
  )
  .max(10_000);
type WeightsGroup = z.infer<typeof weightsManifest>[number];

export interface ModelFile {
  topology: Topology;
  /** The layers as the file has them. */
  stored: Topology;
  weights?: StoredWeight[];
  training: TrainingConfigs;
}

/** @throws UserError if the file is none, or its weights cannot be read */
export async function readModelFile(path: string, what = `--model ${path}`): Promise<ModelFile> {
  const bytes = await bytesOf(path, what);
  if (isHdf5(bytes)) {
    const { weights, ...outer } = await hdf5Model(bytes, what);
    return { ...adopted(outer, what, true), weights };
  }
  if (isZip(bytes)) {
    const config = archivedConfig(bytes, what);
    return { ...adopted(config, what, true), weights: await archivedWeights(bytes, config, what) };
  }
  const json = jsonOf(bytes, what);
  const model = adopted(json, what);
  if (!json.weightsManifest) return model;
  const checked = weightsManifest.safeParse(json.weightsManifest);
  if (!checked.success) {
    const { path: where, message } = checked.error.issues[0]!;
    throw new UserError(`${what}: weightsManifest.${where.join('.')}: ${message}`, 2);
  }
  const groups = await Promise.all(checked.data.map((group) => readGroup(dirname(path), group)));
  return { ...model, weights: groups.flat() };
}

/** The layers alone. @throws UserError */
export async function readTopology(path: string): Promise<Topology> {
  const what = `--model ${path}`;
  const bytes = await bytesOf(path, what);
  if (isHdf5(bytes)) return adopted(await hdf5Model(bytes, what, false), what, true).topology;
  if (isZip(bytes)) return adopted(archivedConfig(bytes, what), what, true).topology;
  return adopted(jsonOf(bytes, what), what).topology;
}

async function bytesOf(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(`${what}: ${missing ? 'no such file' : messageOf(error)}`, 2);
  }
}

function jsonOf(bytes: Buffer, what: string): ModelJson & Topology {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    if (what.endsWith('.json')) throw new UserError(`${what}: ${messageOf(error)}`, 2);
    throw new UserError(
      `${what} is neither a ZIP archive, as .keras files are, nor HDF5, nor JSON: save it by model.save`,
      2,
    );
  }
}

/** @throws UserError for what holds no layers */
function adopted(stored: object, what: string, isKeras = false): ModelFile {
  const json = stored as ModelJson & Topology;
  // JSON may be `null`, and so may what stands in it.
  const outer = json?.modelTopology ?? json;
  const topology = (outer?.model_config as Topology | undefined) ?? outer;
  if (typeof topology?.class_name !== 'string' && typeof topology?.className !== 'string') {
    throw new UserError(
      `${what}: not a layers model (it has no class_name): save one by model.save or model.to_json`,
      2,
    );
  }
  const { config } = topology as { config?: { layers?: unknown } };
  if (!Array.isArray(config) && !Array.isArray(config?.layers))
    throw new UserError(
      `${what}: the model is of a class of its own (${topology.class_name ?? topology.className}), and the file does not tell its layers: make it by Sequential or by the functional interface`,
      2,
    );
  const { compile_config } = topology as TrainingConfigs;
  const training = { ...json, ...(outer as TrainingConfigs), ...(compile_config ? { compile_config } : {}) };
  const version = kerasVersionOf(outer);
  const inOurForm = fromKeras(topology, version);
  // JSON of TF.js looks as that of Keras 2.
  if (isKeras || version === 3) refuseOtherMeanings(inOurForm, what);
  return { topology: inOurForm, stored: topology, training };
}

async function readGroup(dir: string, { paths, weights }: WeightsGroup): Promise<StoredWeight[]> {
  let bytes: Buffer;
  try {
    bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(within(dir, path)))));
  } catch (error) {
    throw new UserError(`the model's weights cannot be read: ${messageOf(error)}`, 2);
  }
  const exact = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  // TF.js would keep one of those of the same name.
  const numbered = weights.map((weight, i) => ({ ...weight, name: String(i) }));
  let named: TensorFlow.NamedTensorMap;
  try {
    named = loadTensorFlow().io.decodeWeights(exact, numbered as TensorFlow.io.WeightsManifestEntry[]);
  } catch (error) {
    throw new UserError(
      `the model's weights in ${paths.join(', ')} are not what its manifest says: ${messageOf(error)}`,
      2,
    );
  }
  return weights.flatMap(({ name, shape, group }, i) => {
    const tensor = named[i]!;
    const values = Float32Array.from(tensor.dataSync());
    tensor.dispose();
    return group === 'optimizer' ? [] : [{ name, shape, values }];
  });
}

/** A model from elsewhere names its own files, and no others. @throws Error */
function within(dir: string, path: string): string {
  const found = resolve(dir, path);
  if (!found.startsWith(resolve(dir) + sep)) throw new Error(`${path} is not in the folder of the model`);
  return found;
}
