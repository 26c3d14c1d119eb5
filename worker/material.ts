/**
 * What a worker needs of a run before it can compute: model, data and engine. Survives a lost
 * connection: a worker that comes back to the same run neither loads nor compiles anything twice.
 */
import { type Layout, layoutOf } from '../shared/layout.js';
import type { Manifest } from '../shared/manifest.js';
import type { ModelDescription } from '../shared/models/description.js';
import { epochOrder, parseShuffle } from '../shared/permutation.js';
import type { Probe } from '../shared/probe.js';
import type { Welcome } from '../shared/protocol/messages.js';
import { Batches } from './batches.js';
import { checkDescription, checkManifest, checkProbe, checkProgram, checkShard } from './check-material.js';
import type { Program } from './engine/compiled/program.js';
import type { Compute } from './engine/compute.js';
import type { ObjectCache } from './object-cache.js';

export interface RunMaterial {
  layout: Layout;
  train: Pick<Batches, 'assemble'>;
  test: Pick<Batches, 'range'>;
  compute: Compute;
  /** The order in which an epoch goes through the training set. */
  order(epoch: number): Uint32Array;
}

/** What an engine must know to be chosen and started. */
export interface ComputeSubject {
  model: ModelDescription;
  manifest: Manifest;
  probe: Probe;
  program: Program;
  shardSamples: number;
}

export interface MaterialSources {
  fetchObject(sha256: string): Promise<Uint8Array>;
  cache: ObjectCache;
  /** Of data held in memory, of training and test set each; default: that of `Batches`. */
  memoryBytes?: number;
  sha256(bytes: Uint8Array): Promise<string>;
  /** Starts the engine where it shall run. */
  startCompute(subject: ComputeSubject): Promise<Compute>;
}

/** Whether `a` and `b` call for the same material. */
export function sameMaterial(a: Welcome, b: Welcome): boolean {
  const key = ({ model, train, test, seed, shuffle }: Welcome) => [model, train, test, seed, shuffle].join();
  return key(a) === key(b);
}

export async function prepareMaterial(welcome: Welcome, sources: MaterialSources): Promise<RunMaterial> {
  const { fetchObject, cache, memoryBytes, sha256, startCompute } = sources;
  const document = async <T>(hash: string, check: (value: unknown) => T): Promise<T> => {
    const known = await cache.get(hash);
    const bytes = known ?? (await fetchObject(hash));
    if ((await sha256(bytes)) !== hash) throw new Error(`object ${hash} arrived with another hash`);
    if (!known) await cache.put(hash, bytes);
    return check(JSON.parse(new TextDecoder().decode(bytes)));
  };
  const [model, train, test, probe, program] = await Promise.all([
    document(welcome.model, checkDescription),
    document(welcome.train, checkManifest),
    document(welcome.test, checkManifest),
    document(welcome.probe, checkProbe),
    document(welcome.program, checkProgram),
  ]);
  checkShard(train, welcome.shardSamples);
  const shuffle = parseShuffle(welcome.shuffle);
  const { records, recordsPerChunk } = train;
  let known: { epoch: number; order: Uint32Array } | undefined;
  return {
    layout: layoutOf(model.weights),
    train: new Batches({ manifest: train, fetchObject, cache, sha256, memoryBytes }),
    test: new Batches({ manifest: test, fetchObject, cache, sha256, memoryBytes }),
    compute: await startCompute({
      model,
      manifest: train,
      probe,
      program,
      shardSamples: welcome.shardSamples,
    }),
    order(epoch) {
      if (known?.epoch !== epoch) {
        known = {
          epoch,
          order: epochOrder({ records, recordsPerChunk, seed: welcome.seed, epoch, shuffle }),
        };
      }
      return known.order;
    },
  };
}
