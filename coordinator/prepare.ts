/** What a run works on: data and model, opened and checked, and the objects that workers fetch. */

import { layoutOf } from '../shared/layout.js';
import type { Manifest } from '../shared/manifest.js';
import type { ModelDescription } from '../shared/models/description.js';
import type { ObjectBytes } from '../shared/protocol/messages.js';
import { type Configuration, shardSamplesOf } from './configure.js';
import { openData } from './data/sources.js';
import { ObjectStore, storeSplit } from './data/store.js';
import { buildModel, type ModelSource } from './model/build-model.js';
import { keyOf, readBuilt, writeBuilt } from './model/built-file.js';
import { headOf } from './model/reference.js';
import type { BuildRequest } from './model/topology.js';

export interface Prepared {
  description: ModelDescription;
  /** Initial weights, as a flat vector; zeros where a checkpoint has others. */
  weights: Float32Array;
  train: Manifest;
  test: Manifest;
  objects: ObjectStore;
  /** Of the objects that a worker fetches first. */
  hashes: { model: string; train: string; test: string; probe: string; program: string };
  objectBytes: ObjectBytes;
  /** Writes down what was built, for a coordinator that goes on. @throws errors of the file system */
  keep(): Promise<void>;
}

/**
 * @param model a description is that of a checkpoint
 * @param builtFile where `keep` writes, and a model of a checkpoint need not be built again
 * @throws UserError for data or a model that cannot be used, or that do not fit each other
 */
export async function prepare(
  configuration: Configuration,
  model: ModelSource,
  builtFile?: string,
): Promise<Prepared> {
  const { data: spec, loss, seed } = configuration;
  const data = await openData(spec);
  const run = { ...configuration, shardSamples: shardSamplesOf(configuration) };
  const request = { model, data: headOf(data), loss, seed, run };
  const recalled =
    builtFile && typeof model === 'object' ? await recall(builtFile, model, request) : undefined;
  const { description, weights, probe, program } = recalled ?? (await build(request));
  const objects = new ObjectStore();
  const train = storeSplit(objects, data, 'train');
  const test = storeSplit(objects, data, 'test');
  const hashes = {
    model: objects.put(json(description)),
    train: objects.put(json(train)),
    test: objects.put(json(test)),
    probe: objects.put(probe),
    program: objects.put(program),
  };
  const lengthOf = (hash: string) => objects.get(hash)!.length;
  const objectBytes = {
    model: lengthOf(hashes.model),
    train: lengthOf(hashes.train),
    test: lengthOf(hashes.test),
    probe: lengthOf(hashes.probe),
    program: lengthOf(hashes.program),
  };
  const keep = async () => {
    if (builtFile && !recalled) await writeBuilt(builtFile, keyOf(description, request), { probe, program });
  };
  return { description, weights, train, test, objects, hashes, objectBytes, keep };
}

async function build(request: BuildRequest) {
  const { probe, program, ...built } = await buildModel(request);
  return { ...built, probe: json(probe), program: json(program) };
}

async function recall(builtFile: string, description: ModelDescription, request: BuildRequest) {
  const documents = await readBuilt(builtFile, keyOf(description, request));
  const { total } = layoutOf(description.weights);
  return documents && { description, weights: new Float32Array(total), ...documents };
}

const json = (document: object): Buffer => Buffer.from(JSON.stringify(document));
