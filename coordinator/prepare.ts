/** What a run works on: data and model, opened and checked, and the objects that workers fetch. */
import type { Manifest } from '../shared/manifest.js';
import type { ModelDescription } from '../shared/models/description.js';
import type { ObjectBytes } from '../shared/protocol/messages.js';
import { type Configuration, shardSamplesOf } from './configure.js';
import { openData } from './data/sources.js';
import { ObjectStore, storeSplit } from './data/store.js';
import { buildModel, type ModelSource } from './model/build-model.js';
import { headOf } from './model/reference.js';

export interface Prepared {
  description: ModelDescription;
  /** Initial weights, as a flat vector. */
  weights: Float32Array;
  train: Manifest;
  test: Manifest;
  objects: ObjectStore;
  /** Of the objects that a worker fetches first. */
  hashes: { model: string; train: string; test: string; probe: string; program: string };
  objectBytes: ObjectBytes;
}

/** @throws UserError for data or a model that cannot be used, or that do not fit each other */
export async function prepare(configuration: Configuration, model: ModelSource): Promise<Prepared> {
  const { data: spec, loss, seed } = configuration;
  const data = await openData(spec);
  const run = { ...configuration, shardSamples: shardSamplesOf(configuration) };
  const { description, weights, probe, program } = await buildModel({
    model,
    data: headOf(data),
    loss,
    seed,
    run,
  });
  const objects = new ObjectStore();
  const train = storeSplit(objects, data, 'train');
  const test = storeSplit(objects, data, 'test');
  const put = (document: object) => objects.put(Buffer.from(JSON.stringify(document)));
  const hashes = {
    model: put(description),
    train: put(train),
    test: put(test),
    probe: put(probe),
    program: put(program),
  };
  const lengthOf = (hash: string) => objects.get(hash)!.length;
  const objectBytes = {
    model: lengthOf(hashes.model),
    train: lengthOf(hashes.train),
    test: lengthOf(hashes.test),
    probe: lengthOf(hashes.probe),
    program: lengthOf(hashes.program),
  };
  return { description, weights, train, test, objects, hashes, objectBytes };
}
