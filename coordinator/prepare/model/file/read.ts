/** Reads a model from TF.js or Keras layers JSON: the topology, and its weights where they stand beside it. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import * as z from 'zod';
import { loadTensorFlow } from '../../../../engine/node/tensorflow.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { Topology } from '../layers/topology-json.js';
import { fromKeras, kerasVersionOf } from './keras.js';
import type { StoredWeight } from './match-weights.js';
import type { TrainingConfigs } from './training-config.js';

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
  weights?: StoredWeight[];
  training: TrainingConfigs;
}

/** @throws UserError if the file is none, or its weights cannot be read */
export async function readModelFile(path: string): Promise<ModelFile> {
  let json: ModelJson & Topology;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      missing ? `--model ${path}: no such file` : `--model ${path}: ${messageOf(error)}`,
      2,
    );
  }
  // JSON may be `null`, and so may what stands in it.
  const outer = json?.modelTopology ?? json;
  const topology = (outer?.model_config as Topology | undefined) ?? outer;
  if (typeof topology?.class_name !== 'string' && typeof topology?.className !== 'string') {
    throw new UserError(
      `--model ${path}: not a layers model (it has no class_name): save one by model.save or model.to_json`,
      2,
    );
  }
  const adopted = fromKeras(topology, kerasVersionOf(outer));
  const { compile_config } = topology as TrainingConfigs;
  const training = { ...json, ...(outer as TrainingConfigs), ...(compile_config ? { compile_config } : {}) };
  if (!json.weightsManifest) return { topology: adopted, training };
  const checked = weightsManifest.safeParse(json.weightsManifest);
  if (!checked.success) {
    const { path: where, message } = checked.error.issues[0]!;
    throw new UserError(`--model ${path}: weightsManifest.${where.join('.')}: ${message}`, 2);
  }
  const groups = await Promise.all(checked.data.map((group) => readGroup(dirname(path), group)));
  return { topology: adopted, weights: groups.flat(), training };
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
