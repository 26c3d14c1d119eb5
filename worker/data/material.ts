/**
 * What a worker needs of a run before it can compute: model, data and engine. Survives a lost
 * connection: a worker that comes back to the same run neither loads nor compiles anything twice.
 */

import type { Program } from '../../engine/compiled/program.js';
import type { Compute } from '../../engine/compute.js';
import { type Augment, createAugment } from '../../shared/data/augment/augment.js';
import { checkManifest } from '../../shared/data/check-manifest.js';
import type { Manifest } from '../../shared/data/manifest.js';
import type { Probe } from '../../shared/engines/probe.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { type ModelModule, refuseOtherModule } from '../../shared/models/layers/model-module.js';
import type { Layout } from '../../shared/numerics/layout.js';
import { epochOrder, parseShuffle } from '../../shared/numerics/permutation.js';
import { runLayout } from '../../shared/numerics/rounds/round-layout.js';
import type { LocalTerms } from '../../shared/numerics/rounds/terms.js';
import type { ObjectBytes, Welcome } from '../../shared/protocol/messages.js';
import { Batches } from './batches.js';
import { checkDescription, checkFit, checkProbe, checkProgram, checkShard } from './check-material.js';
import { type WorkLimits, workLimits } from './check-work.js';
import type { ObjectCache } from './object-cache.js';

export interface RunMaterial {
  layout: Layout;
  train: Pick<Batches, 'assemble'>;
  test: Pick<Batches, 'range'>;
  /** What is done to training pictures. */
  augment?: Augment | undefined;
  compute: Compute;
  /** The order in which an epoch goes through the training set. */
  order(epoch: number): Uint32Array;
  limits: WorkLimits;
  /** The weights that stand behind those of all chunks; undefined: there are none. */
  frozen?: Float32Array | undefined;
}

/** What an engine must know to be chosen and started. */
export interface ComputeSubject {
  model: ModelDescription;
  manifest: Manifest;
  probe: Probe;
  program: Program;
  shardSamples: number;
  /** Of a run of rounds. */
  local?: LocalTerms | undefined;
}

/**
 * Fetches an object. Reads no more than the `bytes` that were announced, even if the server sends more.
 * @throws Error that names the object and both lengths, where it sends more
 */
export type FetchObject = (sha256: string, bytes: number) => Promise<Uint8Array>;

/** Longer documents are not even asked for: a model's graphs have some megabytes. */
const MAX_DOCUMENT_BYTES = 256 << 20;

export interface MaterialSources {
  fetchObject: FetchObject;
  cache: ObjectCache;
  /** Bytes of data held in memory, of the training set and the test set each; default: that of `Batches`. */
  memoryBytes?: number;
  sha256(bytes: Uint8Array): Promise<string>;
  /** The file of a model's program that this worker holds, for runs whose model is one. */
  modelFile?: ModelModule | undefined;
  /** Starts the engine where it shall run. */
  startCompute(subject: ComputeSubject): Promise<Compute>;
}

/** Whether `a` and `b` call for the same material. */
export function sameMaterial(a: Welcome, b: Welcome): boolean {
  const key = ({ model, train, test, seed, shuffle, augment, sortedWithin, engineClass, local }: Welcome) =>
    JSON.stringify([model, train, test, seed, shuffle, augment, sortedWithin, engineClass, local]);
  return key(a) === key(b);
}

export async function prepareMaterial(welcome: Welcome, sources: MaterialSources): Promise<RunMaterial> {
  const { fetchObject, cache, memoryBytes, sha256, modelFile, startCompute } = sources;
  const object = async (hash: string, length: number): Promise<Uint8Array> => {
    const known = await cache.get(hash);
    const bytes = known ?? (await fetchObject(hash, length));
    if ((await sha256(bytes)) !== hash) throw new Error(`object ${hash} arrived with another hash`);
    if (!known) await cache.put(hash, bytes);
    return bytes;
  };
  const document = async <T>(name: keyof ObjectBytes, check: (value: unknown) => T): Promise<T> => {
    const hash = welcome[name];
    const length = welcome.objectBytes[name];
    if (length > MAX_DOCUMENT_BYTES) {
      const text = `${length} bytes are announced, a worker takes at most ${MAX_DOCUMENT_BYTES}`;
      throw new Error(`object ${hash} (${name}): ${text}`);
    }
    return check(JSON.parse(new TextDecoder().decode(await object(hash, length))));
  };
  const [model, train, test, probe, program] = await Promise.all([
    document('model', checkDescription),
    document('train', checkManifest),
    document('test', checkManifest),
    document('probe', checkProbe),
    document('program', checkProgram),
  ]);
  refuseOtherModule(model.module, modelFile);
  checkFit(model, train, test);
  checkShard(train, welcome.shardSamples * (welcome.local?.steps ?? 1));
  const shuffle = parseShuffle(welcome.shuffle);
  const augment =
    welcome.augment === undefined ? undefined : createAugment(welcome.augment, welcome.seed, train);
  const { records, recordsPerChunk } = train;
  const { seed, sortedWithin } = welcome;
  if ((train.tokens !== undefined) !== (sortedWithin !== undefined) || sortedWithin === 0)
    throw new Error(
      `welcome: sortedWithin is ${sortedWithin}, and the records are ${train.tokens ? '' : 'not '}tokens`,
    );
  let known: { epoch: number; order: Uint32Array } | undefined;
  const { local } = welcome;
  const layout = runLayout(model.weights, local);
  const frozen = await frozenOf(model, layout, object);
  return {
    layout,
    frozen,
    augment,
    limits: workLimits({ train, test, shardSamples: welcome.shardSamples, layout, localSteps: local?.steps }),
    train: new Batches({ manifest: train, fetchObject, cache, sha256, memoryBytes }),
    test: new Batches({ manifest: test, fetchObject, cache, sha256, memoryBytes }),
    compute: await startCompute({
      model,
      manifest: train,
      probe,
      program,
      shardSamples: welcome.shardSamples,
      local,
    }),
    order(epoch) {
      if (known?.epoch !== epoch) {
        known = {
          epoch,
          order: epochOrder({ records, recordsPerChunk, seed, epoch, shuffle, sortedWithin }),
        };
      }
      return known.order;
    },
  };
}

/** @throws Error where there are fewer or more than the model has */
async function frozenOf(
  { frozenSha256 }: ModelDescription,
  { moving, total }: Layout,
  object: (sha256: string, bytes: number) => Promise<Uint8Array>,
): Promise<Float32Array | undefined> {
  if (moving === total) return undefined;
  if (frozenSha256 === undefined)
    throw new Error('model: it has frozen weights, and does not tell where they are');
  const length = 4 * (total - moving);
  const bytes = await object(frozenSha256, length);
  if (bytes.length !== length)
    throw new Error(`object ${frozenSha256} (frozen weights) has ${bytes.length} bytes, expected ${length}`);
  // A copy: the bytes may lie at any place in a larger buffer.
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
