/** Reads a model from TF.js or Keras layers JSON: the topology, and its weights where they stand beside it. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { messageOf, UserError } from '../../shared/user-error.js';
import type { Topology } from './seeds.js';

interface ModelJson {
  modelTopology?: Topology;
  model_config?: Topology;
  weightsManifest?: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
}

/** @throws UserError if the file is none, or its weights cannot be read */
export async function readModelFile(
  path: string,
): Promise<{ topology: Topology; weights?: Map<string, Float32Array> }> {
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
  const outer = json.modelTopology ?? json;
  const topology = (outer.model_config as Topology | undefined) ?? outer;
  if (typeof topology.class_name !== 'string' && typeof topology.className !== 'string') {
    throw new UserError(
      `--model ${path}: no layers model (there is no class_name): save one by model.save or model.to_json`,
      2,
    );
  }
  if (!json.weightsManifest) return { topology };
  const groups = await Promise.all(json.weightsManifest.map((group) => readGroup(dirname(path), group)));
  return { topology, weights: new Map(groups.flat()) };
}

async function readGroup(
  dir: string,
  { paths, weights }: NonNullable<ModelJson['weightsManifest']>[number],
): Promise<[string, Float32Array][]> {
  let bytes: Buffer;
  try {
    bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(dir, path)))));
  } catch (error) {
    throw new UserError(`the model's weights cannot be read: ${messageOf(error)}`, 2);
  }
  const exact = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const named = tf.io.decodeWeights(exact, weights);
  return weights.map(({ name }) => {
    const tensor = named[name]!;
    const values = Float32Array.from(tensor.dataSync());
    tensor.dispose();
    return [name, values];
  });
}
